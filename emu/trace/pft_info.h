/* SPDX-License-Identifier: MIT */
/* pft_info.h - the JSON form of a trace's header, for the room itself. */
#ifndef FAULTLINE_TRACE_PFT_INFO_H
#define FAULTLINE_TRACE_PFT_INFO_H

#include <errno.h>
#include <jansson.h>

#include "emu/trace/pft.h"

/* A new reference. */
json_t *pft_info_json(const struct pft_info *info);
/* Fills *info in (to be freed with pft_info_free even when it fails after allocation). */
bool pft_info_parse(struct pft_info *info, const char *text, size_t size, struct error *err);

#endif
