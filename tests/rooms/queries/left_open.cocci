// No way out of a function leaves a file open that it has opened and handed to nobody.
@@
local idexpression int fd;
identifier opens = {open, openat, openat2, socket, accept4, dup, epoll_create1, eventfd, inotify_init1,
    memfd_create, pidfd_open, signalfd, timerfd_create};
expression E;
statement S;
@@
  fd = opens(...);
  ... when != \(close\|asp_close\|fdopen\|fdopendir\)(fd, ...)
      when != if (<+... \(fd < 0\|fd == -1\|fd >= 0\) ...+>) S
      when != E = fd
(
  return <+... fd ...+>;
|
* return ...;
)
