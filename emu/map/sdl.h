/* SPDX-License-Identifier: MIT */
/*
 * sdl.h - SDL2, loaded when somebody asks for a window: the program runs where SDL is not
 * installed.
 *
 * One line a function; the types come from SDL's headers at build time.
 */
#ifndef FAULTLINE_MAP_SDL_H
#define FAULTLINE_MAP_SDL_H

#ifdef WITH_SDL
#include <SDL2/SDL.h>
#include <stdbool.h>
#include <stddef.h>

#define SDL_FUNCTIONS(F)                                                                    \
    F(Init)                                                                                 \
    F(Quit)                                                                                 \
    F(GetError) F(CreateWindow) F(DestroyWindow) F(CreateRenderer) F(DestroyRenderer)       \
        F(CreateTexture) F(DestroyTexture) F(UpdateTexture) F(RenderClear) F(RenderCopy)    \
            F(RenderPresent) F(WaitEventTimeout) F(PollEvent) F(GetRendererOutputSize)      \
                F(SetWindowFullscreen) F(SetWindowMinimumSize) F(GetWindowFlags) F(SetHint) \
                    F(GetModState) F(SetClipboardText)

struct sdl {
    void *library;
#define SDL_MEMBER(name) __typeof__(&SDL_##name) name;
    SDL_FUNCTIONS(SDL_MEMBER)
#undef SDL_MEMBER
};

/* False with a reason, and what to do about it, in `why`. */
bool sdl_load(struct sdl *sdl, char *why, size_t size);
/*
 * After SDL's Init: Xlib ends the whole program when the X server reports an error (a window that
 * has just gone, say); a picture is not worth a guest.
 */
void sdl_survive_x_errors(void);
void sdl_unload(struct sdl *sdl);
#endif

#endif
