// A secret is wiped before its memory is given back.
@@
identifier f;
identifier x = {answer, cookie, given, password, secret, token, typed};
@@
f(...) {
  ... when != sodium_memzero(x, ...)
* free(x);
  ...
}
