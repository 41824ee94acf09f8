/*
 * What the sanitizers of a build do, in processes too whose environment was cleared. The texts are
 * support/sanitizers.py's; what the environment says besides comes after them.
 */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__lsan_default_suppressions(void);

const char *__asan_default_options(void)
{
    return ASAN_OPTIONS;
}

const char *__ubsan_default_options(void)
{
    return UBSAN_OPTIONS;
}

/* libconfig loses the text that it has just read when it finds a syntax error. A fuzz target says
 * so itself. */
__attribute__((weak)) const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so\n";
}
