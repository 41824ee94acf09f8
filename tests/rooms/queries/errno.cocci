// Between the call that failed and the line that says why is none that may set errno. asp_close keeps it.
@@
identifier sets =~ "^(close|closedir|fclose|free|munmap|syslog|unlink|unlinkat)$";
identifier says =~ "_errno$";
@@
  sets(...);
  ... when != errno
* says(...)
