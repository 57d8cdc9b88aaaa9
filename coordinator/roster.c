#include "coordinator/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { ASK_AGAIN_MS = 1000 };

void ora_roster_release(struct ora_roster *r)
{
    while (r->count)
        ora_roster_remove(r, &r->worker[r->count - 1]);
    free(r->worker);
    *r = (struct ora_roster){0};
}

struct ora_roster_worker *ora_roster_find(struct ora_roster *r, const char *id)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->worker[i].id, id) == 0)
            return &r->worker[i];
    return NULL;
}

struct ora_roster_worker *ora_roster_find_peer(struct ora_roster *r, uint64_t peer)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->worker[i].peer == peer)
            return &r->worker[i];
    return NULL;
}

struct ora_roster_worker *ora_roster_add(struct ora_roster *r, const char *id)
{
    if (r->count == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 16;
        r->worker = ora_xrealloc(r->worker, r->cap * sizeof *r->worker);
    }
    struct ora_roster_worker *w = &r->worker[r->count++];
    *w = (struct ora_roster_worker){.id = ora_xstrdup(id)};
    return w;
}

void ora_roster_remove(struct ora_roster *r, struct ora_roster_worker *w)
{
    free(w->id);
    free(w->lease);
    *w = r->worker[--r->count];
}

struct ora_roster_lease *ora_roster_find_lease(struct ora_roster_worker *w, uint32_t batch, const char *token)
{
    for (size_t i = 0; i < w->lease_count; i++)
        if (w->lease[i].batch == batch && strcmp(w->lease[i].token, token) == 0)
            return &w->lease[i];
    return NULL;
}

void ora_roster_add_lease(struct ora_roster_worker *w, uint32_t batch, const char *token, int64_t deadline_ms)
{
    if (w->lease_count == w->lease_cap) {
        w->lease_cap = w->lease_cap ? w->lease_cap * 2 : 8;
        w->lease = ora_xrealloc(w->lease, w->lease_cap * sizeof *w->lease);
    }
    if (w->lease_count == 0 || deadline_ms < w->deadline_ms)
        w->deadline_ms = deadline_ms;
    struct ora_roster_lease *l = &w->lease[w->lease_count++];
    l->batch = batch;
    snprintf(l->token, sizeof l->token, "%s", token);
}

void ora_roster_remove_lease(struct ora_roster_worker *w, struct ora_roster_lease *l)
{
    *l = w->lease[--w->lease_count];
}

static struct ora_stranger *stranger(struct ora_strangers *s, uint64_t peer)
{
    for (size_t i = 0; i < ORA_STRANGERS; i++)
        if (s->item[i].peer == peer)
            return &s->item[i];
    struct ora_stranger *x = &s->item[s->next++ % ORA_STRANGERS];
    *x = (struct ora_stranger){.peer = peer, .asked_ms = INT64_MIN / 2};
    return x;
}

bool ora_strangers_may_ask(struct ora_strangers *s, uint64_t peer, int64_t now_ms)
{
    struct ora_stranger *x = stranger(s, peer);
    if (now_ms - x->asked_ms < ASK_AGAIN_MS)
        return false;
    x->asked_ms = now_ms;
    return true;
}

void ora_strangers_ban(struct ora_strangers *s, uint64_t peer)
{
    stranger(s, peer)->banned = true;
}

bool ora_strangers_banned(const struct ora_strangers *s, uint64_t peer)
{
    for (size_t i = 0; i < ORA_STRANGERS; i++)
        if (s->item[i].peer == peer)
            return s->item[i].banned;
    return false;
}
