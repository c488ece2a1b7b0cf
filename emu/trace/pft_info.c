/* SPDX-License-Identifier: MIT */
/* pft_info.c - the JSON header of a trace file: what run it is of. */
#include "emu/trace/pft_info.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/trace/sha256.h"

void pft_info_init(struct pft_info *info)
{
    memset(info, 0, sizeof *info);
    pft_info_text(&info->tool, "faultline " FAULTLINE_VERSION);
    info->harts = 1;
}

void pft_info_free(struct pft_info *info)
{
    free(info->tool);
    free(info->program);
    free(info->append);
    free(info->engine);
    for (u32 i = 0; i < info->image_count; i++)
        free(info->image[i].name);
    for (u32 i = 0; i < info->arg_count; i++)
        free(info->arg[i]);
    memset(info, 0, sizeof *info);
}

void pft_info_text(char **slot, const char *text)
{
    char *copy = text ? strdup(text) : NULL;
    free(*slot);
    *slot = copy;
}

void pft_info_add_hash(struct pft_info *info, const char *role, const char *name,
                       const char *sha256, u64 size)
{
    if (info->image_count == PFT_MAX_IMAGES)
        return;
    struct pft_image *image = &info->image[info->image_count++];
    memset(image, 0, sizeof *image);
    snprintf(image->role, sizeof image->role, "%s", role);
    pft_info_text(&image->name, name);
    snprintf(image->sha256, sizeof image->sha256, "%s", sha256);
    image->size = size;
}

void pft_info_add_image(struct pft_info *info, const char *role, const char *name,
                        const void *bytes, size_t size)
{
    char text[PFT_SHA256_TEXT];

    sha256_text(bytes, size, text);
    pft_info_add_hash(info, role, name, text, size);
}

void pft_info_add_arg(struct pft_info *info, const char *text)
{
    if (info->arg_count < PFT_MAX_ARGS)
        pft_info_text(&info->arg[info->arg_count++], text);
}

/* A string that need not be UTF-8 (file names are bytes): what is not becomes '?'. */
static json_t *text_value(const char *text)
{
    if (!text)
        return json_null();
    json_t *value = json_string(text);
    if (value)
        return value;
    char *plain = strdup(text);
    if (!plain)
        return json_null();
    for (char *at = plain; *at; at++)
        if ((unsigned char)*at >= 0x80)
            *at = '?';
    value = json_string(plain);
    free(plain);
    return value ? value : json_null();
}

static json_t *hex_value(u64 value)
{
    char text[24];

    snprintf(text, sizeof text, "0x%" PRIx64, value);
    return json_string(text);
}

json_t *pft_info_json(const struct pft_info *info)
{
    json_t *root = json_object(), *images = json_array(), *args = json_array();

    json_object_set_new(root, "tool", text_value(info->tool));
    json_object_set_new(root, "program", text_value(info->program));
    json_object_set_new(root, "append", text_value(info->append));
    json_object_set_new(root, "engine", text_value(info->engine));
    json_object_set_new(root, "ram", hex_value(info->ram_size));
    json_object_set_new(root, "seed", hex_value(info->seed));
    json_object_set_new(root, "harts", json_integer(info->harts));
    for (u32 i = 0; i < info->image_count; i++) {
        const struct pft_image *image = &info->image[i];
        json_t *entry = json_object();
        json_object_set_new(entry, "role", text_value(image->role));
        json_object_set_new(entry, "name", text_value(image->name));
        json_object_set_new(entry, "sha256", text_value(image->sha256));
        json_object_set_new(entry, "size", hex_value(image->size));
        json_array_append_new(images, entry);
    }
    json_object_set_new(root, "images", images);
    for (u32 i = 0; i < info->arg_count; i++)
        json_array_append_new(args, text_value(info->arg[i]));
    json_object_set_new(root, "args", args);
    return root;
}

static void read_text(char **slot, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    pft_info_text(slot, text);
}

static u64 read_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    if (json_is_string(value))
        return strtoull(json_string_value(value), NULL, 0);
    json_int_t number = json_integer_value(value);
    return number > 0 ? (u64)number : 0;
}

bool pft_info_parse(struct pft_info *info, const char *text, size_t size, struct error *err)
{
    json_error_t where;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);

    if (!json_is_object(root)) {
        json_decref(root);
        return error_set(err, EINVAL, "the trace's header is not a JSON object (%s)", where.text);
    }
    memset(info, 0, sizeof *info);
    read_text(&info->tool, root, "tool");
    read_text(&info->program, root, "program");
    read_text(&info->append, root, "append");
    read_text(&info->engine, root, "engine");
    info->ram_size = read_number(root, "ram");
    info->seed = read_number(root, "seed");
    info->harts = (u32)read_number(root, "harts");

    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(root, "images"), index, entry)
    {
        const char *role = json_string_value(json_object_get(entry, "role"));
        const char *name = json_string_value(json_object_get(entry, "name"));
        const char *hash = json_string_value(json_object_get(entry, "sha256"));
        pft_info_add_hash(info, role ? role : "", name, hash ? hash : "",
                          read_number(entry, "size"));
    }
    json_array_foreach(json_object_get(root, "args"), index, entry)
        pft_info_add_arg(info, json_is_string(entry) ? json_string_value(entry) : "");
    json_decref(root);
    return true;
}
