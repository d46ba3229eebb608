"""Trains the network on scikit-learn's handwritten digits and writes `out/metrics.json`.

    python train.py --config config.yaml --set learning_rate=0.1 --set augment=shift

Every image is validated once: the folds are the same for every configuration, so two runs can be compared in pairs.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import network
import numpy as np
import yaml
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--config", default="config.yaml")
    arguments.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    arguments.add_argument("--out", default="out")
    given = arguments.parse_args()
    config = read_config(Path(given.config), given.set)
    out = Path(given.out)
    out.mkdir(exist_ok=True)
    seed = int(os.environ.get("ASSAY_SEED", config["seed"]))
    images, labels = load_digits(return_X_y=True)
    images = (images.reshape(-1, 8, 8) / 16).astype(np.float32)
    folds, began = [], time.monotonic()
    # The split never depends on the seed of the training.
    splits = StratifiedKFold(config["folds"], shuffle=True, random_state=7).split(images, labels)
    for number, (train, val) in enumerate(splits):
        net = fit(images[train], labels[train], config, np.random.default_rng([seed, number]))
        accuracy, loss = judge(net, images[val], labels[val])
        folds.append(accuracy)
        np.savez(out / f"checkpoint-{number}.npz", **net)
        print(f"fold {number}: val_accuracy={accuracy:.4f} val_loss={loss:.4f}", flush=True)
        if not np.isfinite(loss):
            raise SystemExit("the loss is not a number any more: the learning rate is too high")
        report(out, config, folds, time.monotonic() - began)


def read_config(path: Path, changes: list[str]) -> dict:
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    for change in changes:
        name, _, value = change.partition("=")
        if name not in config:
            raise SystemExit(f"unknown option {name!r}; known: {', '.join(config)}")
        config[name] = yaml.safe_load(value)
    return config


def fit(images: np.ndarray, labels: np.ndarray, config: dict, rng: np.random.Generator) -> network.Arrays:
    net = network.new(rng, config["width"])
    speed = {name: np.zeros_like(value) for name, value in net.items()}
    steps = config["epochs"] * -(-len(images) // config["batch_size"])
    step = 0
    for _ in range(config["epochs"]):
        order = rng.permutation(len(images))
        for start in range(0, len(order), config["batch_size"]):
            rows = order[start : start + config["batch_size"]]
            batch = shifted(images[rows], rng) if config["augment"] == "shift" else images[rows]
            logs, seen = network.forward(net, batch, 1 - config["dropout"], rng)
            wanted = np.full_like(logs, config["label_smoothing"] / 10)
            wanted[np.arange(len(rows)), labels[rows]] += 1 - config["label_smoothing"]
            grads = network.backward(net, seen, ((np.exp(logs) - wanted) / len(rows)).astype(np.float32))
            rate = config["learning_rate"]
            if config["schedule"] == "cosine":
                rate *= 0.5 * (1 + np.cos(np.pi * step / steps))
            for name, grad in grads.items():
                speed[name] = config["momentum"] * speed[name] - rate * (grad + config["weight_decay"] * net[name])
                net[name] = (net[name] + speed[name]).astype(np.float32)
            step += 1
    return net


def shifted(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Move each image by up to one pixel."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    moved = np.empty_like(images)
    for index, (i, j) in enumerate(rng.integers(0, 3, (len(images), 2))):
        moved[index] = padded[index, i : i + 8, j : j + 8]
    return moved


def judge(net: network.Arrays, images: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    logs, _ = network.forward(net, images)
    return float((logs.argmax(axis=1) == labels).mean()), float(-logs[np.arange(len(labels)), labels].mean())


def report(out: Path, config: dict, folds: list[float], seconds: float) -> None:
    """Write what is known so far, whole: a run that is ended early leaves its folds."""
    metrics = {"val_accuracy": float(np.mean(folds)), "folds": folds, "seconds": round(seconds, 1), "config": config}
    part = out / "metrics.json.part"
    part.write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    part.replace(out / "metrics.json")


if __name__ == "__main__":
    main()
