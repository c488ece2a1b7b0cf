/* SPDX-License-Identifier: MIT */
/* window.c - SDL2 presents the canvas and delivers keys and mouse; see window.h. */
#include "emu/map/window.h"
#include "emu/map/link.h"
#include "emu/map/map.h"
#include "emu/map/sdl.h"

#include <stdio.h>

#ifdef WITH_SDL
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FRAME_MILLISECONDS = 33, PAUSED_MILLISECONDS = 200 };

struct window {
    struct sdl sdl;
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_Texture *texture;
    struct canvas *canvas;
    struct map_fonts *fonts;
    struct map_link *link;
    struct map_model *model; /* the link's, valid until the next map_link_take */
    struct map_view view;
    bool dirty, open, full_screen, hidden;
    unsigned pictures;
    u64 shown_icount, last_icount, rate;
    struct timespec last_time;
};

struct runner {
    void (*run)(void *ctx);
    void *ctx;
    atomic_bool done;
};

static void *run_thread(void *argument)
{
    struct runner *runner = argument;
    runner->run(runner->ctx);
    atomic_store(&runner->done, true);
    return NULL;
}

/* Canvas and texture as large as the window. */
static bool fit_canvas(struct window *w)
{
    int width = 0, height = 0;
    w->sdl.GetRendererOutputSize(w->renderer, &width, &height);
    if (w->canvas && w->canvas->width == width && w->canvas->height == height) {
        return true;
    }
    canvas_destroy(w->canvas);
    if (w->texture) {
        w->sdl.DestroyTexture(w->texture);
    }
    w->canvas = canvas_create(width, height);
    w->texture = w->sdl.CreateTexture(w->renderer, SDL_PIXELFORMAT_ARGB8888,
                                      SDL_TEXTUREACCESS_STREAMING, width, height);
    w->dirty = true;
    return w->canvas && w->texture;
}

static void draw(struct window *w)
{
    if (!fit_canvas(w) || !w->model) {
        return;
    }
    w->model->host_rate = w->rate;
    map_draw(w->canvas, w->fonts, w->model, &w->view);
    w->sdl.UpdateTexture(w->texture, NULL, w->canvas->pixels,
                         w->canvas->width * (int)sizeof(color_t));
    w->sdl.RenderClear(w->renderer);
    w->sdl.RenderCopy(w->renderer, w->texture, NULL, NULL);
    w->sdl.RenderPresent(w->renderer);
    w->dirty = false;
}

static void measure_rate(struct window *w)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds = (double)(now.tv_sec - w->last_time.tv_sec) +
                     (double)(now.tv_nsec - w->last_time.tv_nsec) / 1e9;
    if (seconds >= 0.5) {
        w->rate = (u64)((double)(w->model->icount - w->last_icount) / seconds);
        w->last_icount = w->model->icount;
        w->last_time = now;
    }
}

static void save_picture(struct window *w)
{
    char path[64], why[256];
    snprintf(path, sizeof path, "faultline-%03u.png", ++w->pictures);
    if (w->canvas && w->model &&
        map_save_picture(w->model, &w->view, w->canvas->width, w->canvas->height, path, why,
                         sizeof why)) {
        fprintf(stderr, "faultline: saved %s\n", path);
    } else if (w->model) {
        fprintf(stderr, "faultline: %s\n", why);
    }
}

static int key_of(const SDL_KeyboardEvent *key)
{
    static const struct {
        SDL_Keycode sdl;
        int ours;
    } special[] = {{SDLK_UP, KEY_UP},        {SDLK_DOWN, KEY_DOWN}, {SDLK_LEFT, KEY_LEFT},
                   {SDLK_RIGHT, KEY_RIGHT},  {SDLK_HOME, KEY_HOME}, {SDLK_END, KEY_END},
                   {SDLK_RETURN, KEY_ENTER}, {SDLK_TAB, KEY_TAB},   {SDLK_F11, KEY_F11},
                   {SDLK_F12, KEY_F12}};
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        if (key->keysym.sym == special[i].sdl) {
            return special[i].ours;
        }
    }
    return 0; /* letters come as text, whatever the keyboard's layout */
}

static void request(struct window *w, enum map_request what)
{
    if (what == REQUEST_PICTURE) {
        save_picture(w);
    } else if (what == REQUEST_CLOSE) {
        w->open = false;
    }
    map_link_ask(w->link, &w->view, what);
    w->dirty = true;
}

static void press(struct window *w, int key)
{
    if (key == KEY_F11) {
        w->full_screen = !w->full_screen;
        w->sdl.SetWindowFullscreen(w->window, w->full_screen ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
        w->dirty = true;
    } else if (key && w->model) {
        request(w, view_key(&w->view, w->model, key));
    }
}

static void on_mouse(struct window *w, const SDL_Event *e)
{
    if (!w->model || !w->canvas) {
        return;
    }
    if (e->type == SDL_MOUSEMOTION) {
        w->view.mouse_x = e->motion.x;
        w->view.mouse_y = e->motion.y;
        w->dirty = true;
    } else if (e->type == SDL_MOUSEWHEEL) {
        view_scroll(&w->view, w->model, -e->wheel.y * 4);
        w->dirty = true;
    } else {
        request(w, view_click(&w->view, w->model, e->button.x, e->button.y, w->canvas->width,
                              w->canvas->height));
    }
}

static void on_window(struct window *w, const SDL_WindowEvent *e)
{
    switch (e->event) {
    case SDL_WINDOWEVENT_HIDDEN:
    case SDL_WINDOWEVENT_MINIMIZED:
        w->hidden = true;
        break;
    case SDL_WINDOWEVENT_SHOWN:
    case SDL_WINDOWEVENT_RESTORED:
    case SDL_WINDOWEVENT_EXPOSED:
    case SDL_WINDOWEVENT_SIZE_CHANGED:
        w->hidden = false;
        w->dirty = true;
        break;
    default:
        break;
    }
}

static void on_event(struct window *w, const SDL_Event *e)
{
    switch (e->type) {
    case SDL_QUIT:
        w->open = false;
        break;
    case SDL_KEYDOWN:
        press(w, key_of(&e->key));
        break;
    case SDL_TEXTINPUT:
        press(w, (unsigned char)e->text.text[0]);
        break;
    case SDL_MOUSEMOTION:
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEWHEEL:
        on_mouse(w, e);
        break;
    case SDL_WINDOWEVENT:
        on_window(w, &e->window);
        break;
    default:
        break;
    }
}

static void show(struct window *w, struct runner *runner)
{
    while (w->open && !atomic_load(&runner->done)) {
        bool still = w->hidden || (w->model && w->model->stopped);
        SDL_Event event;
        if (w->sdl.WaitEventTimeout(&event, still ? PAUSED_MILLISECONDS : FRAME_MILLISECONDS)) {
            do {
                on_event(w, &event);
            } while (w->sdl.PollEvent(&event));
        }
        struct map_model *fresh = map_link_take(w->link);
        if (fresh) {
            w->dirty |= !w->model || fresh->icount != w->shown_icount;
            w->shown_icount = fresh->icount;
            w->model = fresh;
            measure_rate(w);
        }
        if (w->hidden) {
            continue;
        }
        map_link_ask(w->link, &w->view, REQUEST_NONE);
        if (w->dirty) {
            draw(w);
        }
    }
}

static bool open_window(struct window *w, char *why, size_t size)
{
    if (!sdl_load(&w->sdl, why, size)) {
        return false;
    }
    w->sdl.SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    if (w->sdl.Init(SDL_INIT_VIDEO) != 0) {
        snprintf(why, size, "--map found no display (%s); --shot FILE.png needs none",
                 w->sdl.GetError());
        return false;
    }
    w->window =
        w->sdl.CreateWindow("Faultline memory map", SDL_WINDOWPOS_UNDEFINED,
                            SDL_WINDOWPOS_UNDEFINED, MAP_WIDTH, MAP_HEIGHT, SDL_WINDOW_RESIZABLE);
    w->renderer = w->window ? w->sdl.CreateRenderer(w->window, -1, 0) : NULL;
    if (!w->renderer) {
        snprintf(why, size, "--map cannot open a window: %s", w->sdl.GetError());
        return false;
    }
    w->sdl.SetWindowMinimumSize(w->window, MAP_MIN_WIDTH, MAP_MIN_HEIGHT);
    w->fonts = map_fonts_open();
    if (!w->fonts) {
        snprintf(why, size, "not enough memory for the map");
        return false;
    }
    w->open = true;
    return true;
}

static void close_window(struct window *w)
{
    if (w->texture) {
        w->sdl.DestroyTexture(w->texture);
    }
    if (w->renderer) {
        w->sdl.DestroyRenderer(w->renderer);
    }
    if (w->window) {
        w->sdl.DestroyWindow(w->window);
    }
    if (w->sdl.library) {
        w->sdl.Quit();
    }
    canvas_destroy(w->canvas);
    map_fonts_close(w->fonts);
    sdl_unload(&w->sdl);
}

/* Signals are the machine thread's affair: this thread and SDL's keep them blocked. */
static bool start_machine(pthread_t *thread, struct runner *runner)
{
    bool ok = pthread_create(thread, NULL, run_thread, runner) == 0;
    if (ok) {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, NULL);
    }
    return ok;
}

bool map_window_run(struct machine *machine, struct observer *observer, void (*run)(void *ctx),
                    void *ctx, char *why, size_t size)
{
    struct window w = {.open = false};
    struct runner runner = {.run = run, .ctx = ctx};
    pthread_t thread;
    view_init(&w.view);
    bool ok = open_window(&w, why, size);
    w.link = ok ? map_link_create(machine, observer, why, size) : NULL;
    if (w.link && !start_machine(&thread, &runner)) {
        snprintf(why, size, "cannot start a thread for the machine");
        ok = false;
    }
    ok = ok && w.link;
    if (ok) {
        map_link_ask(w.link, &w.view, REQUEST_NONE);
        show(&w, &runner);
        close_window(&w);
        pthread_join(thread, NULL);
        map_link_destroy(w.link);
        return true;
    }
    map_link_destroy(w.link);
    close_window(&w);
    return false;
}
#else
bool map_window_run(struct machine *machine, struct observer *observer, void (*run)(void *ctx),
                    void *ctx, char *why, size_t size)
{
    (void)machine;
    (void)observer;
    (void)run;
    (void)ctx;
    snprintf(why, size,
             "--map: this program was built without SDL2 (-DWITH_SDL=ON); "
             "--shot FILE.png works");
    return false;
}
#endif
