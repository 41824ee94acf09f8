// What was given back is not looked at any more: not even whether it is NULL.
@@
identifier x;
expression E;
@@
  free(x);
  ... when != x = E
(
  x = E
|
* x
)
