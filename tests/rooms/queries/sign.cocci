// What is asked of a character is asked of an unsigned one: a char has a sign on one machine, and none on another.
@@
char c;
identifier asks = {isalnum, isalpha, isblank, iscntrl, isdigit, isgraph, islower, isprint, ispunct, isspace,
    isupper, isxdigit, tolower, toupper};
@@
* asks(c)
