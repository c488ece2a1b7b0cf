/* SPDX-License-Identifier: MIT */
/*
 * tree.c - AVL tree: the heights of the two subtrees of a node differ by at most
 * one, so a search in n nodes takes at most 1.44 log2(n) steps.  Insertion and
 * removal recurse along one path, which is therefore short (25 for 65 536 nodes).
 */
#include "lib/tree.h"

static u32 height(const struct tree_node *node)
{
    return node == NULL ? 0 : node->height;
}

static void update(struct tree_node *node)
{
    u32 left = height(node->left), right = height(node->right);

    node->height = (left > right ? left : right) + 1;
}

static struct tree_node *rotate_right(struct tree_node *node)
{
    struct tree_node *top = node->left;

    node->left = top->right;
    top->right = node;
    update(node);
    update(top);
    return top;
}

static struct tree_node *rotate_left(struct tree_node *node)
{
    struct tree_node *top = node->right;

    node->right = top->left;
    top->left = node;
    update(node);
    update(top);
    return top;
}

/* => the root of the subtree, balanced; the children are balanced and differ by at most two. */
static struct tree_node *balance(struct tree_node *node)
{
    update(node);
    if (height(node->left) > height(node->right) + 1) {
        if (height(node->left->left) < height(node->left->right)) {
            node->left = rotate_left(node->left);
        }
        return rotate_right(node);
    }
    if (height(node->right) > height(node->left) + 1) {
        if (height(node->right->right) < height(node->right->left)) {
            node->right = rotate_right(node->right);
        }
        return rotate_left(node);
    }
    return node;
}

static struct tree_node *insert_into(struct tree_node *root, struct tree_node *node)
{
    if (root == NULL) {
        return node;
    }
    if (node->key < root->key) {
        root->left = insert_into(root->left, node);
    } else {
        root->right = insert_into(root->right, node);
    }
    return balance(root);
}

void tree_insert(struct tree *tree, struct tree_node *node)
{
    node->left = NULL;
    node->right = NULL;
    node->height = 1;
    tree->root = insert_into(tree->root, node);
}

/* Take the leftmost node out of a subtree.  => the rest; *least is the node. */
static struct tree_node *take_least(struct tree_node *root, struct tree_node **least)
{
    if (root->left == NULL) {
        *least = root;
        return root->right;
    }
    root->left = take_least(root->left, least);
    return balance(root);
}

static struct tree_node *remove_from(struct tree_node *root, struct tree_node *node)
{
    struct tree_node *heir;

    if (node->key < root->key) {
        root->left = remove_from(root->left, node);
        return balance(root);
    }
    if (node->key > root->key) {
        root->right = remove_from(root->right, node);
        return balance(root);
    }
    if (root->right == NULL) {
        return root->left;
    }
    root->right = take_least(root->right, &heir);
    heir->left = root->left;
    heir->right = root->right;
    return balance(heir);
}

void tree_remove(struct tree *tree, struct tree_node *node)
{
    tree->root = remove_from(tree->root, node);
    node->left = NULL;
    node->right = NULL;
}

struct tree_node *tree_find(const struct tree *tree, u64 key)
{
    struct tree_node *node = tree->root;

    while (node != NULL && node->key != key) {
        node = key < node->key ? node->left : node->right;
    }
    return node;
}

struct tree_node *tree_find_at_or_below(const struct tree *tree, u64 key)
{
    struct tree_node *best = NULL;

    for (struct tree_node *node = tree->root; node != NULL;) {
        if (node->key <= key) {
            best = node;
            node = node->right;
        } else {
            node = node->left;
        }
    }
    return best;
}

struct tree_node *tree_find_at_or_above(const struct tree *tree, u64 key)
{
    struct tree_node *best = NULL;

    for (struct tree_node *node = tree->root; node != NULL;) {
        if (node->key >= key) {
            best = node;
            node = node->left;
        } else {
            node = node->right;
        }
    }
    return best;
}

/* => the height, or -1 if order or balance is broken; all keys must be in [low, high]. */
static int checked_height(const struct tree_node *node, u64 low, u64 high)
{
    int left, right;

    if (node == NULL) {
        return 0;
    }
    if (node->key < low || node->key > high) {
        return -1;
    }
    left = node->left == NULL ? 0
           : node->key == 0   ? -1
                              : checked_height(node->left, low, node->key - 1);
    right = node->right == NULL  ? 0
            : node->key == ~0ull ? -1
                                 : checked_height(node->right, node->key + 1, high);
    if (left < 0 || right < 0 || left > right + 1 || right > left + 1) {
        return -1;
    }
    return (left > right ? left : right) + 1 == (int)node->height ? (int)node->height : -1;
}

bool tree_is_valid(const struct tree *tree)
{
    return checked_height(tree->root, 0, ~0ull) >= 0;
}
