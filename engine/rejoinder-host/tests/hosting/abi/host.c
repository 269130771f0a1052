/* A host that asks the plugin in argv[1], by its entry argv[2], about one turn, and prints what it said. */
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rejoinder_plugin.h"

static void log_line(void *ctx, int32_t level, rjn_str message)
{
    (void)ctx;
    fprintf(stderr, "%d %.*s\n", level, (int)message.len, (const char *)message.ptr);
}

static rjn_str rule_name(void *ctx, uint32_t rule)
{
    (void)ctx, (void)rule;
    rjn_str none = { NULL, 0 };
    return none;
}

#if RJN_ABI_MINOR > 3
static uint32_t later(void *ctx) { (void)ctx; return 7; }
#endif

int main(int argc, char **argv)
{
    void *library = argc == 3 ? dlopen(argv[1], RTLD_NOW) : NULL;
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    const rjn_plugin *(*entry)(const rjn_host *);
    *(void **)&entry = dlsym(library, argv[2]);
    static const rjn_host host = {
        .struct_size = sizeof(rjn_host), .abi_major = RJN_ABI_MAJOR, .abi_minor = RJN_ABI_MINOR,
        .log = log_line, .rule_name = rule_name,
#if RJN_ABI_MINOR > 3
        .later = later,
#endif
    };
    const rjn_plugin *plugin = entry ? entry(&host) : NULL;
    if (!plugin || plugin->magic != RJN_MAGIC || plugin->abi_major != RJN_ABI_MAJOR)
        return 2;

    static const char *const messages[] = { "sort this list", "[1, 2, 3]", "thanks" };
    static const uint8_t role[] = { RJN_ROLE_USER, RJN_ROLE_ASSISTANT, RJN_ROLE_USER };
    char text[64] = "";
    uint32_t text_off[4] = { 0 };
    for (int m = 0; m < 3; m++) {
        strcat(text, messages[m]);
        text_off[m + 1] = (uint32_t)strlen(text);
    }
    const uint32_t first = 0, target = 2, hit_off[2] = { 0, 0 };
    const uint64_t id = 1;
    const float prior = 0;
    uint8_t buffer[256];
    rjn_error error = { .struct_size = sizeof error, .cap = sizeof buffer, .buf = buffer };
    rjn_str config = { (const uint8_t *)"{}", 2 };
    rjn_state *state = NULL;
    if (plugin->create(&host, config, &state, &error) != RJN_OK) {
        fprintf(stderr, "%.*s\n", (int)error.len, (const char *)buffer);
        return 3;
    }
    rjn_batch batch = {
        .struct_size = sizeof batch, .n = 1, .n_messages = 3, .text = (const uint8_t *)text, .text_off = text_off,
        .role = role, .first = &first, .target = &target, .id = &id, .prior = &prior, .hit_off = hit_off,
    };
    uint8_t verdict = 0, category = 0;
    uint16_t reason = 0;
    float score = NAN, probs[6] = { NAN, NAN, NAN, NAN, NAN, NAN };
    rjn_output output = {
        .struct_size = sizeof output, .n = 1, .verdict = &verdict, .category = &category, .reason = &reason,
        .score = &score, .probs = probs,
    };
#if RJN_ABI_MINOR > 3
    uint32_t in = 7, out = 0;
    batch.later = &in;
    output.later = &out;
#endif
    if (plugin->classify_batch(state, &batch, &output, &error) != RJN_OK) {
        fprintf(stderr, "%.*s\n", (int)error.len, (const char *)buffer);
        return 4;
    }
    plugin->destroy(state);
    printf("%d %d %d\n", verdict, category, reason);
    return 0;
}
