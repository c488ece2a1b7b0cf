/* SPDX-License-Identifier: MIT */
/* window.c - SDL2 presents the canvas and delivers keys and mouse; see window.h. */
#include "emu/map/window.h"
#include "emu/map/link.h"
#include "emu/map/map.h"
#include "emu/map/font.h"
#include "emu/map/sdl.h"
#include "emu/map/tour.h"
#include "emu/observe/explain.h"

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
    struct feed feed;
    const struct tour *tour; /* NULL = none */
    struct map_model *model; /* the feed's, valid until the next take */
    struct map_view view;
    bool dirty, open, full_screen, dragging;
    unsigned pictures;
    u64 last_icount, rate, draw_took; /* the last in milliseconds */
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

static u64 milliseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (u64)t.tv_sec * 1000 + (u64)t.tv_nsec / 1000000;
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
    u64 start = milliseconds();
    w->model->host_rate = w->rate;
    map_draw(w->canvas, w->fonts, w->model, &w->view);
    w->sdl.UpdateTexture(w->texture, NULL, w->canvas->pixels,
                         w->canvas->width * (int)sizeof(color_t));
    w->sdl.RenderClear(w->renderer);
    w->sdl.RenderCopy(w->renderer, w->texture, NULL, NULL);
    w->sdl.RenderPresent(w->renderer);
    w->draw_took = milliseconds() - start;
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
    if (!w->canvas || !w->model) {
        return;
    }
    w->view.message[0] = 0;
    bool ok = map_save_picture(w->model, &w->view, w->canvas->width, w->canvas->height, path, why,
                               sizeof why);
    fprintf(stderr, "faultline: %s%s\n", ok ? "saved " : "", ok ? path : why);
    snprintf(w->view.message, sizeof w->view.message, "%s%.90s",
             !ok ? "" : w->view.chinese ? "已保存 " : "saved ", ok ? path : why);
}

static void copy_panel(struct window *w)
{
    struct buffer text = {0};
    if (w->canvas && w->model &&
        map_panel_text(w->canvas, w->fonts, w->model, &w->view, w->view.mouse_x, w->view.mouse_y,
                       &text)) {
        w->sdl.SetClipboardText((const char *)text.data);
        snprintf(w->view.message, sizeof w->view.message, "%s",
                 w->view.chinese ? "面板已复制" : "the panel is in the clipboard");
    }
    buffer_free(&text);
}

static int key_of(const SDL_KeyboardEvent *key)
{
    static const struct {
        SDL_Keycode sdl;
        int ours;
    } special[] = {{SDLK_UP, KEY_UP},        {SDLK_DOWN, KEY_DOWN}, {SDLK_LEFT, KEY_LEFT},
                   {SDLK_RIGHT, KEY_RIGHT},  {SDLK_HOME, KEY_HOME}, {SDLK_END, KEY_END},
                   {SDLK_RETURN, KEY_ENTER}, {SDLK_TAB, KEY_TAB},   {SDLK_F11, KEY_F11},
                   {SDLK_F12, KEY_F12},      {SDLK_ESCAPE, KEY_ESCAPE},
                   {SDLK_BACKSPACE, KEY_BACKSPACE}};
    if (key->keysym.sym == SDLK_c && (key->keysym.mod & KMOD_CTRL)) {
        return KEY_COPY;
    }
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        if (key->keysym.sym == special[i].sdl) {
            return special[i].ours;
        }
    }
    return 0; /* letters come as text, whatever the keyboard's layout */
}

static void show_step(struct window *w, size_t index)
{
    int width = MAP_WIDTH, height = MAP_HEIGHT;
    if (w->tour && index < tour_steps(w->tour)) {
        tour_show(w->tour, index, &w->view, &width, &height);
    }
}

static void request(struct window *w, enum map_request what)
{
    switch (what) {
    case REQUEST_PICTURE:
        save_picture(w);
        break;
    case REQUEST_COPY:
        copy_panel(w);
        break;
    case REQUEST_FULL_SCREEN:
        w->full_screen = !w->full_screen;
        w->sdl.SetWindowFullscreen(w->window, w->full_screen ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
        break;
    case REQUEST_TOUR_NEXT:
        show_step(w, w->view.step);
        break;
    case REQUEST_TOUR_BACK:
        show_step(w, w->view.step >= 2 ? w->view.step - 2 : 0);
        break;
    case REQUEST_CLOSE:
        w->open = false;
        break;
    default:
        break;
    }
    w->feed.ask(w->feed.ctx, &w->view, what);
    w->dirty = true;
}

static void press(struct window *w, int key)
{
    if (key && w->model) {
        w->view.now = milliseconds();
        request(w, view_key(&w->view, w->model, key));
    }
}

static void click(struct window *w, enum map_click how, int x, int y)
{
    w->view.now = milliseconds();
    request(w, view_click(&w->view, w->model, how, x, y, w->canvas->width, w->canvas->height));
}

static void on_motion(struct window *w, int x, int y)
{
    struct map_view before = w->view;
    view_point(&w->view, w->model, x, y, w->canvas->width, w->canvas->height);
    if (w->dragging) {
        click(w, CLICK_DRAG, x, y);
    }
    /* The mouse alone changes nothing where there is nothing to point at. */
    bool pointed = w->view.hover_pfn || w->view.hover_va || w->view.hover_pid || w->view.hover_slot;
    w->dirty |= pointed || !view_same_model(&before, &w->view);
}

static void on_mouse(struct window *w, const SDL_Event *e)
{
    if (!w->model || !w->canvas) {
        return;
    }
    if (e->type == SDL_MOUSEMOTION) {
        on_motion(w, e->motion.x, e->motion.y);
    } else if (e->type == SDL_MOUSEWHEEL) {
        view_scroll(&w->view, w->model, -e->wheel.y * 4);
        w->dirty = true;
    } else if (e->type == SDL_MOUSEBUTTONUP) {
        w->dragging = false;
    } else {
        enum map_click how = e->button.button == SDL_BUTTON_RIGHT ? CLICK_RIGHT
                             : e->button.clicks > 1               ? CLICK_DOUBLE
                                                                  : CLICK_LEFT;
        w->dragging = how != CLICK_RIGHT;
        click(w, how, e->button.x, e->button.y);
    }
}

static void on_window(struct window *w, const SDL_WindowEvent *e)
{
    switch (e->event) {
    case SDL_WINDOWEVENT_HIDDEN:
    case SDL_WINDOWEVENT_MINIMIZED:
        w->view.hidden = true;
        break;
    case SDL_WINDOWEVENT_LEAVE:
        if (w->model && w->canvas) {
            on_motion(w, -1, -1);
            w->dirty = true;
        }
        break;
    case SDL_WINDOWEVENT_SHOWN:
    case SDL_WINDOWEVENT_RESTORED:
    case SDL_WINDOWEVENT_EXPOSED:
    case SDL_WINDOWEVENT_SIZE_CHANGED:
        w->view.hidden = false;
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
        for (const char *at = e->text.text; *at;) {
            press(w, (int)font_next_code(&at));
        }
        break;
    case SDL_MOUSEMOTION:
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP:
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

/* How long to wait for events: not at all idle, not often when nothing moves. */
static int patience(const struct window *w)
{
    bool moving = w->model && w->model->inspect.on &&
                  view_walk_lit(&w->view, w->model->inspect.walk_steps + 1) <=
                      w->model->inspect.walk_steps;
    if (w->feed.busy(w->feed.ctx)) {
        return 1;
    }
    if (w->view.hidden || (w->model && w->model->stopped && !moving)) {
        return PAUSED_MILLISECONDS;
    }
    /* A slow host gets fewer pictures: drawing takes a fifth of the time at most. */
    u64 least = 5 * w->draw_took;
    return least > FRAME_MILLISECONDS ? (int)least : FRAME_MILLISECONDS;
}

static void take_model(struct window *w)
{
    struct map_model *fresh = w->feed.take(w->feed.ctx);
    if (!fresh) {
        return;
    }
    bool first = !w->model;
    w->model = fresh;
    w->dirty = true;
    if (!fresh->past) {
        measure_rate(w);
    }
    if (first && w->canvas) {
        view_point(&w->view, w->model, -1, -1, w->canvas->width, w->canvas->height);
    }
}

static void show(struct window *w, struct runner *runner)
{
    size_t lit = 0;
    while (w->open && !(runner && atomic_load(&runner->done))) {
        SDL_Event event;
        if (w->sdl.WaitEventTimeout(&event, patience(w))) {
            do {
                on_event(w, &event);
            } while (w->sdl.PollEvent(&event));
        }
        w->view.now = milliseconds();
        w->feed.ask(w->feed.ctx, &w->view, REQUEST_NONE);
        take_model(w);
        if (w->model) {
            size_t now_lit = view_walk_lit(&w->view, w->model->inspect.walk_steps + 1);
            w->dirty |= now_lit != lit;
            lit = now_lit;
        }
        if (w->dirty && !w->view.hidden) {
            draw(w);
        }
    }
}

/* What the person has set up: colours, language, less motion. */
static void personal_view(struct map_view *view)
{
    struct error err = {0};
    view_init(view);
    view->chinese = explain_language() == EXPLAIN_CHINESE;
    view->reduce_motion = getenv("FAULTLINE_REDUCE_MOTION") != NULL;
    if (!palette_load(&view->colors, &err)) {
        snprintf(view->message, sizeof view->message, "%.119s", err.text);
    }
}

static bool open_window(struct window *w, char *why, size_t size)
{
    if (!sdl_load(&w->sdl, why, size)) {
        return false;
    }
    w->sdl.SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    /* The picture is ready-made: a 3D driver would only add threads (and, without a GPU, a CPU's
     * worth of work). */
    w->sdl.SetHint(SDL_HINT_RENDER_DRIVER, "software");
    w->sdl.SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
    if (w->sdl.Init(SDL_INIT_VIDEO) != 0) {
        snprintf(why, size, "--map found no display (%s); --shot FILE.png needs none",
                 w->sdl.GetError());
        return false;
    }
    sdl_survive_x_errors();
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
    personal_view(&w.view);
    bool ok = open_window(&w, why, size);
    struct map_link *link = ok ? map_link_create(machine, observer, why, size) : NULL;
    if (link && !start_machine(&thread, &runner)) {
        snprintf(why, size, "cannot start a thread for the machine");
        ok = false;
    }
    if (ok && link) {
        w.feed = map_link_feed(link);
        show(&w, &runner);
        map_link_close(link);
        close_window(&w);
        pthread_join(thread, NULL);
        map_link_destroy(link);
        return true;
    }
    map_link_destroy(link);
    close_window(&w);
    return false;
}

bool map_window_trace(const char *path, const struct tour *tour, char *why, size_t size)
{
    struct window w = {.open = false};
    struct error err = {0};
    personal_view(&w.view);
    struct trace_feed *trace = trace_feed_open(path, &err);
    if (!trace) {
        snprintf(why, size, "%s", err.text);
        return false;
    }
    bool ok = open_window(&w, why, size);
    if (ok) {
        w.feed = trace_feed_interface(trace);
        w.tour = tour;
        if (tour) {
            show_step(&w, 0);
        }
        show(&w, NULL);
    }
    close_window(&w);
    trace_feed_close(trace);
    return ok;
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

bool map_window_trace(const char *path, const struct tour *tour, char *why, size_t size)
{
    (void)path;
    (void)tour;
    snprintf(why, size,
             "trace map: this program was built without SDL2 (-DWITH_SDL=ON); "
             "trace shot works");
    return false;
}
#endif
