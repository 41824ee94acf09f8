// These cannot be told how much room there is, say nothing of a number that is none, run a shell, keep what they give for
// all threads, or are no source of secrets.
@@
identifier f = {alloca, asctime, atoi, atol, atoll, ctime, drand48, gets, gmtime, localtime, mktemp, popen,
    rand, random, sprintf, srand, stpcpy, strcat, strtok, system, tempnam, tmpnam, vfork, vsprintf, wordexp};
@@
* f(...)
