"""The window classifier of CS224N, trained: is the word in the middle of five the name of a place?

Every gradient comes from the tape; what is written here is the formula, the sentences and the descent.

    python3 examples/train_window.py
    python3 examples/train_window.py --picture loss.png     needs matplotlib
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import jacobian_cli as jac

MODEL = [
    "x = concat(x1, x2, x3, x4, x5)",  # the window: five word vectors, one after the other
    "z = W@x + b",
    "h = sigmoid(z)",
    "s = u.T@h",  # the score; the probability of a place is sigmoid(s)
    "loss = softplus(s) - y*s",  # its cross-entropy with the label y, 1 for a place
]
WORDS = [f"x{k}" for k in range(1, 6)]
LENGTH, HIDDEN = 10, 8
EPOCHS, RATE = 24, 0.05
FORGOTTEN = 0.25
"""How often the middle word is hidden in training, so that a word never seen before is not a surprise."""
EDGE, UNKNOWN = "<edge>", "<unknown>"
BARS = "▁▂▃▄▅▆▇█"
SHOWN = ("Paris", "Florence", "Jordan", "April", "Ghent", "Seoul", "Amara")


@dataclass(frozen=True)
class Window:
    """Five words, and what the one in the middle names."""

    words: tuple[str, ...]
    names: str

    @property
    def place(self) -> float:
        return float(self.names == "place")

    def __str__(self) -> str:
        first, second, middle, *after = self.words
        return " ".join(word for word in (first, second, f"[{middle}]", *after) if word != EDGE)


class Classifier:
    """The word vectors, and the parameters of the formula."""

    def __init__(self, vocabulary: Sequence[str], random: np.random.RandomState) -> None:
        self.vectors = {word: random.normal(scale=0.5, size=LENGTH) for word in (EDGE, UNKNOWN, *vocabulary)}
        self.parameters: dict[str, Any] = {
            "W": random.normal(scale=1 / np.sqrt(5 * LENGTH), size=(HIDDEN, 5 * LENGTH)),
            "b": np.zeros(HIDDEN),
            "u": random.normal(scale=0.5, size=HIDDEN),
        }
        self.tape = jac.tape(MODEL, wrt=["W", "b", "u", "x"], shapes={**dict.fromkeys(WORDS, "d"), "y": ()})
        self.score = jac.tape(MODEL[:-1], wrt=["x"], shapes=dict.fromkeys(WORDS, "d"))

    def known(self, words: Sequence[str]) -> list[str]:
        return [word if word in self.vectors else UNKNOWN for word in words]

    def arrays(self, words: Sequence[str]) -> dict[str, Any]:
        return self.parameters | {x: self.vectors[word] for x, word in zip(WORDS, self.known(words), strict=True)}

    def probability(self, window: Window) -> float:
        return float(1 / (1 + np.exp(-self.score.forward(**self.arrays(window.words)))))

    def step(self, words: Sequence[str], place: float) -> float:
        """One step of stochastic gradient descent; the loss before it."""
        loss, gradients = self.tape.gradients(**self.arrays(words), y=place)
        for name in self.parameters:
            self.parameters[name] = self.parameters[name] - RATE * gradients[name]
        # x is a concatenation, so its gradient splits into the gradients of the five word vectors; a word that
        # stands twice in the window gets the sum of both, for it is moved twice
        for word, gradient in zip(self.known(words), gradients["x"].reshape(5, LENGTH), strict=True):
            self.vectors[word] = self.vectors[word] - RATE * gradient
        return float(loss)

    def accuracy(self, windows: Sequence[Window]) -> float:
        return float(np.mean([(self.probability(window) > 0.5) == window.place for window in windows]))


def windows_of(sentence: str) -> Iterator[Window]:
    """A window around each word of a sentence that names something."""
    pairs = [word.partition("/") for word in sentence.split()]
    words = [EDGE, EDGE, *(word for word, _, _ in pairs), EDGE, EDGE]
    for k, (_, _, names) in enumerate(pairs):
        if names:
            yield Window(tuple(words[k : k + 5]), names)


def read(path: Path) -> tuple[list[Window], list[Window]]:
    """The windows to learn from, and those held out."""
    training, _, held_out = path.read_text(encoding="utf-8").partition("# held out")
    first, second = (
        [window for line in part.splitlines() if not line.startswith("#") for window in windows_of(line)]
        for part in (training, held_out)
    )
    return first, second


def show_gradient(model: Classifier, window: Window) -> None:
    """The gradient of one window, word by word, beside central differences."""
    arrays = model.arrays(window.words) | {"y": window.place}
    loss, gradients = model.tape.gradients(**arrays)
    print(f"Before training, {window}: loss {float(loss):.2f}")
    print(f"  the gradient of x has {5 * LENGTH} entries, {LENGTH} for each word; the first three of each,")
    print("                     from the tape        by differences")
    for name, word, piece in zip(WORDS, window.words, gradients["x"].reshape(5, LENGTH), strict=True):
        measured = [difference(model, arrays, name, k) for k in range(3)]
        columns = ("".join(f"{number:7.3f}" for number in numbers[:3]) for numbers in (piece, measured))
        print(f"  ∂J/∂{name}  {word:8}", *columns)
    print()


def difference(model: Classifier, arrays: dict[str, Any], name: str, entry: int, h: float = 1e-5) -> float:
    """How the loss changes with one entry of one array: no derivative is used."""
    nudge = h * (np.arange(LENGTH) == entry)
    up, down = (model.tape.forward(**arrays | {name: arrays[name] + sign * nudge}) for sign in (1, -1))
    return float(up - down) / (2 * h)


def train(
    model: Classifier, training: Sequence[Window], held_out: Sequence[Window], random: np.random.RandomState
) -> list[float]:
    """Descend; the mean loss of each epoch."""
    print("epoch  loss  right in training  right of those held out")
    losses = []
    for epoch in range(1, EPOCHS + 1):
        total = 0.0
        for k in random.permutation(len(training)):
            words = list(training[k].words)
            if random.random_sample() < FORGOTTEN:
                words[2] = UNKNOWN
            total += model.step(words, training[k].place)
        losses.append(total / len(training))
        if epoch == 1 or epoch % 4 == 0:
            shares = (model.accuracy(training), model.accuracy(held_out))
            print(f"{epoch:5}  {losses[-1]:4.2f}  {shares[0]:17.0%}  {shares[1]:23.0%}")
    bars = "".join(BARS[min(7, int(8 * loss / losses[0]))] for loss in losses)
    print(f"loss by epoch: {bars}\n")
    return losses


def draw(losses: Sequence[float], path: str) -> None:
    """The curve of the loss."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        print("no picture: matplotlib is not installed (pip install 'jacobian-cli[plot]')")
        return
    figure = Figure(figsize=(6, 3.5), layout="constrained")
    axes = figure.subplots()
    axes.plot(range(1, len(losses) + 1), losses, marker="o", markersize=3.5, color="#0b57a8")
    axes.set(xlabel="epoch", ylabel="mean loss", title="Is the middle word a place?", ylim=(0, None))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    figure.savefig(path, dpi=150)
    print(f"picture: {path}")


def main() -> None:
    """Read, train, predict."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--picture", metavar="FILE", help="draw the curve of the loss (.png, .svg, .pdf)")
    picture = parser.parse_args().picture
    training, held_out = read(Path(__file__).with_name("places.txt"))
    random = np.random.RandomState(1)  # its stream is the same in every version of NumPy
    model = Classifier(sorted({word for window in training for word in window.words} - {EDGE}), random)
    share = np.mean([1 - window.place for window in held_out])
    new = sum(window.words[2] not in model.vectors for window in held_out)
    print(f"{len(training)} windows to learn from; {len(held_out)} held out, {new} of them around a word never met")
    print(f"{share:.0%} of those held out are no places\n")
    show_gradient(model, training[0])
    losses = train(model, training, held_out, random)
    print("  P(place)  held out")
    for window in held_out:
        p = model.probability(window)
        right = (p > 0.5) == window.place
        if window.words[2] in SHOWN or not right:
            seen = "" if window.words[2] in model.vectors else ", never seen before"
            print(f"{'✓' if right else '✗'} {p:8.2f}  {window}  ({window.names}{seen})")
    if picture:
        draw(losses, picture)


if __name__ == "__main__":
    main()
