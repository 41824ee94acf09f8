/* Hosts, networks and addresses. */
#include "fuzz.h"

#include "asp/network.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct asp_network all[2];
    struct asp_network network;
    struct asp_network again;
    char shown[ASP_NETWORK_SIZE];
    char *text = fuzz_text(data, size);

    FUZZ_NEED(asp_network_read("0.0.0.0/0", &all[0]) && asp_network_read("::/0", &all[1]));
    if (asp_network_read(text, &network)) {
        FUZZ_NEED(network.bits <= 128);
        FUZZ_NEED(asp_network_read_any(text, &again) && again.bits == network.bits);
        FUZZ_NEED(memcmp(again.address, network.address, sizeof again.address) == 0);
        asp_network_write(&network, shown);
        FUZZ_NEED(asp_network_read(shown, &again) && again.bits == network.bits);
        FUZZ_NEED(memcmp(again.address, network.address, sizeof again.address) == 0);
        if (strchr(shown, '/') == NULL)
            FUZZ_NEED(asp_networks_contain(&network, 1, shown));
    }
    if (asp_network_read_any(text, &network)) {
        asp_network_write(&network, shown);
        FUZZ_NEED(asp_network_read(shown, &again) && again.bits == network.bits);
    }
    FUZZ_NEED(asp_host_is_address(text) == asp_networks_contain(all, 2, text));
    FUZZ_NEED(!asp_host_is_loopback(text) || asp_host_is_address(text));
    /* An address is of one family, and of one alone. */
    if (asp_networks_contain(all, 2, text))
        FUZZ_NEED(asp_networks_contain(all, 1, text) != asp_networks_contain(all + 1, 1, text));
    if (asp_host_valid(text))
        FUZZ_NEED(strlen(text) <= ASP_HOST_MAX && strpbrk(text, " \"\\\n=") == NULL);
    free(text);
    return 0;
}
