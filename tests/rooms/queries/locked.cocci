// No way out of a function keeps a lock that it has taken.
@@
expression m;
@@
  pthread_mutex_lock(m);
  ... when != pthread_mutex_unlock(m)
      when any
* return ...;
