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

static uint8_t rule_category(void *ctx, uint32_t rule)
{
    (void)ctx;
    return rule == 0 ? 5 : 0;
}

static uint8_t rule_route(void *ctx, uint32_t rule)
{
    (void)ctx;
    return rule == 0 ? RJN_ROUTE_ACCEPT : 0;
}

#if RJN_ABI_MINOR > 0
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
        .log = log_line, .rule_name = rule_name, .rule_category = rule_category, .rule_route = rule_route,
#if RJN_ABI_MINOR > 0
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
    const int64_t time[3] = { RJN_NO_TIME, 1000, 2000 };
    const uint8_t language[4] = "en";
    const rjn_column column = { 0, 5, 5, 11 };
    const uint32_t column_off[2] = { 0, 1 }, hit_off[2] = { 0, 1 };
    const uint32_t conversation = 0, first = 0, target = 2, answer = 1, answer_end = 2;
    const rjn_hit hit = { 0, 0, 6 };
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
        .struct_size = sizeof batch, .n = 1, .n_messages = 3, .n_conversations = 1, .n_columns = 1, .n_hits = 1,
        .text = (const uint8_t *)text, .text_off = text_off, .role = role, .time = time, .language = language,
        .column_off = column_off, .columns = &column, .column_text = (const uint8_t *)"modelgpt-00", .conversation = &conversation,
        .first = &first, .target = &target, .answer = &answer, .answer_end = &answer_end, .id = &id, .prior = &prior,
        .hit_off = hit_off, .hits = &hit,
    };
    uint8_t verdict = 0, category = 0;
    uint16_t reason = 0;
    float score = NAN, probs[6] = { NAN, NAN, NAN, NAN, NAN, NAN };
    rjn_output output = {
        .struct_size = sizeof output, .n = 1, .verdict = &verdict, .category = &category, .reason = &reason,
        .score = &score, .probs = probs,
    };
#if RJN_ABI_MINOR > 0
    uint32_t in = 7, out = 0;
    batch.later = &in;
    output.later = &out;
#endif
    if (plugin->classify_batch(state, &batch, &output, &error) != RJN_OK) {
        fprintf(stderr, "%.*s\n", (int)error.len, (const char *)buffer);
        return 4;
    }
    printf("%d %d %d\n", verdict, category, reason);
    if (plugin->flags & RJN_GIVES_FACTS) {
        double facts[8];
        for (int f = 0; f < 8; f++)
            facts[f] = NAN;
        batch.n_hits = 0;
        batch.hit_off = (const uint32_t[]){ 0, 0 };
        if (plugin->n_facts > 8 || plugin->facts_batch(state, &batch, facts, &error) != RJN_OK)
            return 5;
        printf("%.*s %g\n", (int)plugin->facts[0].name.len, (const char *)plugin->facts[0].name.ptr, facts[0]);
    }
    plugin->destroy(state);
    return 0;
}
