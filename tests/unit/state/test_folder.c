/* tests/unit/state/test_folder.c -- a folder is one process' at a time, and always has one file or the other. */
#include "state/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"

static char folder[64], path[128];
static char why[STORE_WHY_MAX];

static const char *at(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void setup(void)
{
    strcpy(folder, "/tmp/nabla-folder-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void teardown(void)
{
    unlink(at("a"));
    unlink(at("a.new"));
    unlink(at("a.old"));
    ck_assert_int_eq(rmdir(folder), 0);
}

static void write_text(const char *name, const char *text)
{
    FILE *f = fopen(at(name), "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    ck_assert_int_eq(fclose(f), 0);
}

static void expect_text(const char *name, const char *text)
{
    char got[16] = "";
    FILE *f = fopen(at(name), "r");
    ck_assert_msg((f != NULL) == (text != NULL), "%s", name);
    if (f == NULL)
        return;
    ck_assert_ptr_nonnull(fgets(got, sizeof got, f));
    ck_assert_str_eq(got, text);
    fclose(f);
}

START_TEST(one_at_a_time)
{
    int first, second;
    ck_assert_int_eq(folder_take(folder, &first, why), NABLA_OK);
    ck_assert_int_eq(folder_take(folder, &second, why), NABLA_ELIMIT);
    ck_assert_ptr_nonnull(strstr(why, "another process uses it"));
    close(first);
    ck_assert_int_eq(folder_take(folder, &second, why), NABLA_OK);
    close(second);
}
END_TEST

START_TEST(it_is_made)
{
    int fd;
    char made[128];
    snprintf(made, sizeof made, "%s/made", folder);
    ck_assert_int_eq(folder_take(made, &fd, why), NABLA_OK);
    close(fd);
    ck_assert_int_eq(rmdir(made), 0);
    write_text("a", "x");
    snprintf(made, sizeof made, "%s/a/b", folder);
    ck_assert_int_eq(folder_take(made, &fd, why), NABLA_EIO);
    ck_assert_ptr_nonnull(strstr(why, strerrordesc_np(ENOTDIR)));
}
END_TEST

static const struct row {
    const char *old, *older, *aside; /* what is there: a, a.old; NULL: nothing */
    const char *then;                /* in a.old */
} rows[] = {{NULL, NULL, NULL, NULL}, {"1", NULL, NULL, NULL}, {"1", NULL, "a.old", "1"},
            {"1", "0", "a.old", "1"}, {"1", "0", NULL, "0"},   {NULL, "0", "a.old", NULL}};

START_TEST(one_takes_the_others_place)
{
    const struct row *r = &rows[_i];
    int fd;
    if (r->old != NULL)
        write_text("a", r->old);
    if (r->older != NULL)
        write_text("a.old", r->older);
    write_text("a.new", "2");
    int opened = open(at("a.new"), O_RDONLY);
    ck_assert_int_eq(folder_take(folder, &fd, why), NABLA_OK);
    ck_assert(!folder_has(fd, "a", opened));
    ck_assert_int_eq(folder_replace(fd, "a.new", "a", r->aside, why), NABLA_OK);
    ck_assert(folder_has(fd, "a", opened));
    expect_text("a", "2");
    expect_text("a.new", NULL);
    expect_text("a.old", r->then);
    ck_assert_int_eq(folder_replace(fd, "a.new", "a", NULL, why), NABLA_EIO); /* there is none */
    expect_text("a", "2");
    close(opened);
    close(fd);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("state/folder");
    TCase *t = tcase_create("folder");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, one_at_a_time);
    tcase_add_test(t, it_is_made);
    tcase_add_loop_test(t, one_takes_the_others_place, 0, sizeof rows / sizeof *rows);
    suite_add_tcase(s, t);
    return s;
}
