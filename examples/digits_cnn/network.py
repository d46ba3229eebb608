"""A small convolutional network in plain numpy: two convolutions, one pooling, one dense layer."""

from __future__ import annotations

import numpy as np

Arrays = dict[str, np.ndarray]


def new(rng: np.random.Generator, width: int, classes: int = 10) -> Arrays:
    """Return the weights of a network for images of 8 by 8 pixels, with He's scale."""

    def weights(rows: int, columns: int) -> np.ndarray:
        return rng.normal(0, np.sqrt(2 / rows), (rows, columns)).astype(np.float32)

    return {
        "conv1": weights(9, width),
        "bias1": np.zeros(width, np.float32),
        "conv2": weights(9 * width, 2 * width),
        "bias2": np.zeros(2 * width, np.float32),
        "dense": weights(16 * 2 * width, classes),
        "bias3": np.zeros(classes, np.float32),
    }


def forward(
    net: Arrays, images: np.ndarray, keep: float = 1.0, rng: np.random.Generator | None = None
) -> tuple[np.ndarray, Arrays]:
    """Return log probabilities of shape (n, classes) and what `backward` needs; dropout where `keep` is under 1."""
    patches1 = _patches(images[..., None])
    out1 = np.maximum(patches1 @ net["conv1"] + net["bias1"], 0)
    patches2 = _patches(out1)
    out2 = np.maximum(patches2 @ net["conv2"] + net["bias2"], 0)
    pooled, where = _pool(out2)
    flat = pooled.reshape(len(images), -1)
    mask = np.ones_like(flat)
    if keep < 1 and rng is not None:
        mask = (rng.random(flat.shape) < keep).astype(np.float32) / keep
    scores = (flat * mask) @ net["dense"] + net["bias3"]
    scores -= scores.max(axis=1, keepdims=True)
    logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    seen = {
        "patches1": patches1,
        "out1": out1,
        "patches2": patches2,
        "out2": out2,
        "where": where,
        "flat": flat,
        "mask": mask,
    }
    return logs, seen


def backward(net: Arrays, seen: Arrays, error: np.ndarray) -> Arrays:
    """Return the gradients for `error`, the derivative of the loss by the scores, of shape (n, classes)."""
    n = len(error)
    grads = {"dense": (seen["flat"] * seen["mask"]).T @ error, "bias3": error.sum(axis=0)}
    pooled = ((error @ net["dense"].T) * seen["mask"]).reshape(n, 4, 4, -1)
    out2 = _unpool(pooled, seen["where"]) * (seen["out2"] > 0)
    grads["conv2"] = np.tensordot(seen["patches2"], out2, axes=([0, 1, 2], [0, 1, 2]))
    grads["bias2"] = out2.sum(axis=(0, 1, 2))
    out1 = _unpatch(out2 @ net["conv2"].T, seen["out1"].shape) * (seen["out1"] > 0)
    grads["conv1"] = np.tensordot(seen["patches1"], out1, axes=([0, 1, 2], [0, 1, 2]))
    grads["bias1"] = out1.sum(axis=(0, 1, 2))
    return grads


def _patches(x: np.ndarray) -> np.ndarray:
    """Return the 3 by 3 neighbourhoods of (n, 8, 8, c), zero at the border, as (n, 8, 8, 9 c)."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return np.concatenate([padded[:, i : i + 8, j : j + 8] for i in range(3) for j in range(3)], axis=-1)


def _unpatch(grad: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    n, height, width, channels = shape
    padded = np.zeros((n, height + 2, width + 2, channels), np.float32)
    parts = np.split(grad, 9, axis=-1)
    for index, part in enumerate(parts):
        i, j = divmod(index, 3)
        padded[:, i : i + height, j : j + width] += part
    return padded[:, 1:-1, 1:-1]


def _pool(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n, _, _, channels = x.shape
    blocks = x.reshape(n, 4, 2, 4, 2, channels).transpose(0, 1, 3, 2, 4, 5).reshape(n, 4, 4, 4, channels)
    where = blocks.argmax(axis=3)
    return np.take_along_axis(blocks, where[:, :, :, None], axis=3)[:, :, :, 0], where


def _unpool(grad: np.ndarray, where: np.ndarray) -> np.ndarray:
    n, _, _, channels = grad.shape
    blocks = np.zeros((n, 4, 4, 4, channels), np.float32)
    np.put_along_axis(blocks, where[:, :, :, None], grad[:, :, :, None], axis=3)
    return blocks.reshape(n, 4, 4, 2, 2, channels).transpose(0, 1, 3, 2, 4, 5).reshape(n, 8, 8, channels)
