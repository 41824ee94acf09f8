// A product that is too large for size_t is no little memory: calloc, which looks.
@@
expression a, b, p;
@@
(
* malloc(a * b)
|
* realloc(p, a * b)
)
