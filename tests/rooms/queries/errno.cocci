// Between the call that failed and the line that says why is none that may set errno. asp_close keeps it.
@@
identifier sets = {close, closedir, fclose, free, munmap, syslog, unlink, unlinkat};
@@
  sets(...);
  ... when != errno
* asp_fail_errno(...)
