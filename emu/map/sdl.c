/* SPDX-License-Identifier: MIT */
/* sdl.c - finds SDL2 at run time; see sdl.h. */
#include "emu/map/sdl.h"

#ifdef WITH_SDL
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

bool sdl_load(struct sdl *sdl, char *why, size_t size)
{
    memset(sdl, 0, sizeof *sdl);
    sdl->library = dlopen("libSDL2-2.0.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!sdl->library) {
        snprintf(why, size, "--map needs SDL2, which is not installed: apt install libsdl2-2.0-0");
        return false;
    }
    const char *missing = NULL;
#define SDL_FIND(name)                                   \
    {                                                    \
        void *found = dlsym(sdl->library, "SDL_" #name); \
        memcpy(&sdl->name, &found, sizeof found);        \
        missing = found ? missing : "SDL_" #name;        \
    }
    SDL_FUNCTIONS(SDL_FIND)
#undef SDL_FIND
    if (missing) {
        snprintf(why, size, "--map needs a newer SDL2: this one has no %s", missing);
        sdl_unload(sdl);
        return false;
    }
    return true;
}

static int ignore_x_error(void *display, void *event)
{
    (void)display;
    (void)event;
    return 0;
}

void sdl_survive_x_errors(void)
{
    /* Only when SDL has it loaded; Wayland does without. */
    void *x11 = dlopen("libX11.so.6", RTLD_NOW | RTLD_NOLOAD);
    if (x11) {
        int (*(*set_handler)(int (*)(void *, void *)))(void *, void *);
        void *found = dlsym(x11, "XSetErrorHandler");
        memcpy(&set_handler, &found, sizeof found);
        if (found) {
            set_handler(ignore_x_error);
        }
        dlclose(x11);
    }
}

void sdl_unload(struct sdl *sdl)
{
    if (sdl->library) {
        dlclose(sdl->library);
        sdl->library = NULL;
    }
}
#endif
