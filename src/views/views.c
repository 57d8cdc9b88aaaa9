/*
 * Views: the table, and how a view comes to its place: made in ".<name>.new-<pid>" beside it, then renamed.
 *
 * A folder that the user names is replaced only when it is empty or a view of ours (it holds MARK): an export
 * must not be a way to lose a folder of photographs.
 */
#include "views/views.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

#define MARK ".oratorio-view"

#define ORA_VIEW(name_) extern const struct ora_view ora_view_##name_;
#include "job/views.def"
#undef ORA_VIEW

static const struct ora_view *const views[] = {
#define ORA_VIEW(name_) &ora_view_##name_,
#include "job/views.def"
#undef ORA_VIEW
};
enum { VIEWS = sizeof views / sizeof *views };

const struct ora_view *ora_view_at(size_t index)
{
    return index < VIEWS ? views[index] : NULL;
}

const struct ora_view *ora_view_find(const char *name)
{
    for (size_t i = 0; i < VIEWS; i++)
        if (!strcmp(views[i]->name, name))
            return views[i];
    return NULL;
}

static int unknown(const char *name, struct ora_err *err)
{
    const char *names[VIEWS];
    struct ora_str list = ORA_STR_INIT;
    for (size_t i = 0; i < VIEWS; i++) {
        names[i] = views[i]->name;
        ora_str_addf(&list, "%s%s", i ? ", " : "", names[i]);
    }
    const char *near = ora_nearest(name, names, VIEWS);
    int rc =
        ora_err_set(err, ORA_E_BAD_USAGE, "there is no view '%s'%s%s%s (there are %s)", name,
                    near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "", ora_str_c(&list));
    ora_str_release(&list);
    return rc;
}

/* May this folder be replaced? Missing and empty ones may, and those with our mark. */
static int may_replace(const char *dir, struct ora_err *err)
{
    DIR *d = opendir(dir);
    if (!d)
        return errno == ENOENT ? 0 : ora_err_errno(err, errno, "%s", dir);
    bool empty = true;
    for (struct dirent *e; (e = readdir(d));)
        empty = empty && (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."));
    closedir(d);
    char *mark = ora_path_join(dir, MARK);
    bool ours = ora_file_exists(mark);
    free(mark);
    if (empty || ours)
        return 0;
    return ora_err_set(err, ORA_E_BAD_USAGE, "%s is not empty and not a view: give another folder", dir);
}

/* Removes ".<name>.new-<pid>" and ".<name>.old-<pid>" of processes that are no more. */
static void sweep(const char *parent, const char *name)
{
    DIR *d = opendir(parent);
    if (!d)
        return;
    char *fresh = ora_fmt(".%s.new-", name), *old = ora_fmt(".%s.old-", name);
    for (struct dirent *e; (e = readdir(d));) {
        const char *tail = ora_starts_with(e->d_name, fresh) ? e->d_name + strlen(fresh)
                           : ora_starts_with(e->d_name, old) ? e->d_name + strlen(old)
                                                             : NULL;
        char *end;
        long pid = tail ? strtol(tail, &end, 10) : 0;
        if (!tail || *end || pid <= 0 || kill((pid_t)pid, 0) == 0 || errno != ESRCH)
            continue;
        char *path = ora_path_join(parent, e->d_name);
        ora_file_remove_tree(path, NULL);
        free(path);
    }
    free(fresh);
    free(old);
    closedir(d);
}

static int publish(const char *made, const char *parent, const char *name, const char *dir,
                   struct ora_err *err)
{
    char *old = ora_fmt("%s/.%s.old-%ld", parent, name, (long)getpid());
    int rc = 0;
    bool moved = rename(dir, old) == 0;
    if (!moved && errno != ENOENT)
        rc = ora_err_errno(err, errno, "rename %s to %s", dir, old);
    if (rc == 0)
        rc = ora_file_rename_durable(made, dir, err);
    if (moved && rc < 0 && rename(old, dir) < 0)
        rc = ora_err_errno(err, errno, "rename %s to %s", old, dir);
    else if (moved && rc == 0)
        rc = ora_file_remove_tree(old, err);
    free(old);
    return rc;
}

static int make_in(struct ora_run *run, const struct ora_view *view, const char *made, struct ora_err *err)
{
    int rc = ora_file_remove_tree(made, err);
    if (rc == 0)
        rc = ora_file_mkdirs(made, 0755, err);
    if (rc == 0)
        rc = view->make(run, made, err);
    char *mark = ora_path_join(made, MARK), *text = ora_fmt("%s\n", view->name);
    if (rc == 0)
        rc = ora_file_write_atomic(mark, text, strlen(text), 0644, err);
    free(mark);
    free(text);
    return rc;
}

int ora_view_make(struct ora_run *run, const char *name, const char *dir, struct ora_err *err)
{
    const struct ora_view *view = ora_view_find(name);
    if (!view)
        return unknown(name, err);
    char *target = dir && dir[0] ? ora_xstrdup(dir) : ora_fmt("%s/views/%s", ora_run_dir(run), name);
    for (size_t n = strlen(target); n > 1 && target[n - 1] == '/'; n--)
        target[n - 1] = '\0';
    char *parent = ora_path_dir(target);
    const char *base = ora_path_base(target);
    char *made = ora_fmt("%s/.%s.new-%ld", parent, base, (long)getpid());
    int rc;
    if (!base[0] || !strcmp(base, ".") || !strcmp(base, ".."))
        rc = ora_err_set(err, ORA_E_BAD_USAGE, "'%s': name the view's folder itself", target);
    else
        rc = may_replace(target, err);
    if (rc == 0)
        rc = ora_file_mkdirs(parent, 0755, err);
    if (rc == 0) {
        sweep(parent, base);
        rc = make_in(run, view, made, err);
        if (rc == 0)
            rc = publish(made, parent, base, target, err);
        if (rc < 0)
            ora_file_remove_tree(made, NULL);
    }
    if (rc < 0)
        ora_err_wrap(err, "view %s", name);
    free(made);
    free(parent);
    free(target);
    return rc;
}
