/*
 * Runs a fuzz target over its seeds, each cut at every byte (every seventh where there are to be
 * fewer mutations), and a fixed number of mutations of them that are the same in each run. For any
 * compiler; tests/fuzz/run looks for more.
 *
 *   TARGET FOLDER-OF-SEEDS [MUTATIONS]
 *   TARGET FOLDER-OF-SEEDS seeds          these alone, as they are: what --coverage counts
 */
#include "fuzz.h"

#include <dirent.h>
#include <sodium.h>
#include <stdbool.h>

enum { SEEDS_MAX = 512, SEED_BYTES = 8192, CHANGES_MAX = 6, MUTATIONS = 100000, FEWER = 7 };

struct seed {
    size_t length;
    uint8_t bytes[SEED_BYTES];
};

static struct seed seeds[SEEDS_MAX];
static size_t seed_count;
static uint64_t state = 1;

/* SplitMix64 (Steele, Lea, Flood, 2014), below a bound. */
static size_t random_below(size_t bound)
{
    uint64_t z = state += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return (size_t)((z ^ (z >> 31)) % bound);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void read_seed(const char *folder, const char *name)
{
    struct seed *seed = &seeds[seed_count++];
    char path[4096];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    seed->length = fread(seed->bytes, 1, SEED_BYTES, file);
    (void)fclose(file);
}

/* In the order of their names, so that the mutations are the same everywhere. */
static void read_seeds(const char *folder)
{
    static char *names[SEEDS_MAX];
    DIR *dir = opendir(folder);
    size_t count = 0;

    if (dir == NULL) {
        perror(folder);
        exit(EXIT_FAILURE);
    }
    for (struct dirent *item; (item = readdir(dir)) != NULL;) {
        if (item->d_name[0] == '.')
            continue;
        if (count == SEEDS_MAX) {
            (void)fprintf(stderr, "%s: more than %d seeds\n", folder, SEEDS_MAX);
            exit(EXIT_FAILURE);
        }
        names[count++] = strdup(item->d_name);
    }
    (void)closedir(dir);
    qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 0; i < count; i++) {
        read_seed(folder, names[i]);
        free(names[i]);
    }
}

/* The target gets memory of the very size, so that a sanitizer or valgrind sees a byte too many. */
static void run_one(const uint8_t *bytes, size_t length)
{
    uint8_t *exact = malloc(length + (length == 0));

    if (exact == NULL)
        abort();
    memcpy(exact, bytes, length);
    (void)LLVMFuzzerTestOneInput(exact, length);
    free(exact);
}

/* Opens a gap of `size` bytes at `at`, as far as there is room. Returns how large it is. */
static size_t open_gap(struct seed *input, size_t at, size_t size)
{
    if (input->length + size > SEED_BYTES)
        size = SEED_BYTES - input->length;
    memmove(input->bytes + at + size, input->bytes + at, input->length - at);
    input->length += size;
    return size;
}

static void change(struct seed *input)
{
    static const char *const words[] = {"\"", "\\",         "never", "-",  "any",
                                        "0",  "4294967321", "%2F",   "\n", " ",
                                        ",",  "/128",       ":",     "}",  "@include \"x\""};
    const struct seed *other = &seeds[random_below(seed_count)];
    size_t at = random_below(input->length + 1);
    size_t from = random_below(other->length + 1);
    size_t size = random_below(32) + 1;
    const char *word = words[random_below(sizeof words / sizeof *words)];

    switch (random_below(6)) {
    case 0: /* a bit */
        if (at < input->length)
            input->bytes[at] = (uint8_t)(input->bytes[at] ^ 1U << random_below(8));
        break;
    case 1: /* a byte */
        if (at < input->length)
            input->bytes[at] = (uint8_t)random_below(256);
        break;
    case 2: /* a word */
        memcpy(input->bytes + at, word, open_gap(input, at, strlen(word)));
        break;
    case 3: /* a piece of another */
        size = size < other->length - from ? size : other->length - from;
        memcpy(input->bytes + at, other->bytes + from, open_gap(input, at, size));
        break;
    case 4: /* a piece less */
        size = size < input->length - at ? size : input->length - at;
        memmove(input->bytes + at, input->bytes + at + size, input->length - at - size);
        input->length -= size;
        break;
    default: /* the end of it */
        if (random_below(8) == 0)
            input->length = at;
        break;
    }
}

int main(int argc, char **argv)
{
    const bool seeds_alone = argc > 2 && strcmp(argv[2], "seeds") == 0;
    const size_t mutations = argc > 2 ? strtoul(argv[2], NULL, 10) : MUTATIONS;
    const size_t step = mutations < MUTATIONS ? FEWER : 1;
    static struct seed input;

    if (argc < 2 || sodium_init() < 0)
        return EXIT_FAILURE;
    read_seeds(argv[1]);
    if (seed_count == 0) {
        (void)fprintf(stderr, "%s: there are no seeds\n", argv[1]);
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < seed_count; i++) {
        for (size_t length = 0; !seeds_alone && length < seeds[i].length; length += step)
            run_one(seeds[i].bytes, length);
        run_one(seeds[i].bytes, seeds[i].length);
    }
    for (size_t n = 0; n < mutations; n++) {
        input = seeds[n % seed_count];
        for (size_t changes = random_below(CHANGES_MAX) + 1; changes > 0; changes--)
            change(&input);
        run_one(input.bytes, input.length);
    }
    (void)printf("%zu seeds, %zu mutations\n", seed_count, mutations);
    return EXIT_SUCCESS;
}
