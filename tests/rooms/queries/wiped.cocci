// Once anything was told of a secret on the stack, no way out of the function leaves it there.
@@
identifier x = {answer, cookie, given, password, secret, token, typed};
identifier f != sodium_memzero;
type T;
expression n;
@@
  T x[n];
  ...
  f(..., x, ...)
  ... when != sodium_memzero(x, ...)
      when any
* return ...;
