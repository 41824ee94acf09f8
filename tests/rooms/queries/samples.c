/* What each query is to find: the lines that name it. What stands beside them is right. This is
 * compiled nowhere. */

static bool freed(char *x, char *y)
{
    free(x);
    free(y);
    y = NULL;
    if (x == NULL) /* freed */
        return false;
    return y == NULL;
}

static int left_open(const char *path)
{
    int fd = -1;
    int kept = -1;
    int given;

    fd = open(path, O_RDONLY);
    if (is_mistaken(path))
        return -1; /* left_open */
    close(fd);
    kept = open(path, O_RDONLY);
    if (kept < 0)
        return -1;
    given = socket(AF_UNIX, SOCK_STREAM, 0);
    return given;
}

static bool locked(struct shared *shared)
{
    pthread_mutex_lock(&shared->mutex);
    if (shared->count == 0)
        return false; /* locked */
    pthread_mutex_unlock(&shared->mutex);
    return true;
}

static enum asp_status says_why(int fd, struct asp_error *error)
{
    if (fsync(fd) != 0)
        return asp_fail_errno(error, "it cannot be written to disk");
    if (ftruncate(fd, 0) != 0) {
        close(fd);
        return asp_fail_errno(error, "it cannot be cut"); /* errno */
    }
    asp_close(fd);
    return asp_fail_errno(error, "it cannot be read");
}

static bool wiped(struct stored *stored)
{
    char password[32];
    char token[32];

    if (stored == NULL)
        return false;
    read_password(stored, password);
    make_token(stored, token);
    if (stored->count == 0) {
        sodium_memzero(token, sizeof token);
        return false; /* wiped */
    }
    sodium_memzero(password, sizeof password);
    sodium_memzero(token, sizeof token);
    return true;
}

static void freed_secret(char *secret)
{
    free(secret); /* wiped_and_freed */
}

static void wiped_secret(char *secret, size_t length)
{
    sodium_memzero(secret, length);
    free(secret);
}

static struct row *product(size_t count, struct row *rows)
{
    struct row *found = malloc(count * sizeof *found); /* product */

    found = realloc(rows, count * sizeof *found); /* product */
    found = calloc(count, sizeof *found);
    found = malloc(sizeof *found);
    return found;
}

static bool sign(const char *text)
{
    char c = *text;

    return isdigit(c) || isdigit((unsigned char)c); /* sign */
}

static int banned(const char *number)
{
    return atoi(number) + (int)strtol(number, NULL, 10); /* banned */
}
