"""The same misconceptions in other words than the mutants', and answers that are wrong in no known way."""

import numpy as np

from g4lab.course import check


def test_rope_on_neighbouring_pairs():
    def rope(x, position, theta):
        out = np.empty_like(x)
        for i in range(0, len(x), 2):
            angle = position / theta ** (i / len(x))
            out[i] = x[i] * np.cos(angle) - x[i + 1] * np.sin(angle)
            out[i + 1] = x[i] * np.sin(angle) + x[i + 1] * np.cos(angle)
        return out

    assert "pairs neighbours" in check(rope).misconception


def test_rope_by_complex_numbers_is_right():
    def rope(x, position, theta):
        half = len(x) // 2
        turned = (x[:half] + 1j * x[half:]) * np.exp(1j * position * theta ** (-np.arange(half) / half))
        return [*turned.real, *turned.imag]

    assert check(rope)


def test_a_window_that_forgets_that_a_token_counts_itself():
    def sliding(length, window):
        return np.tril(np.ones((length, length))) - np.tril(np.ones((length, length)), -window - 1)

    verdict = check(sliding)
    assert "one too wide" in verdict.misconception and verdict.step == "no row has more keys than the window"


def test_softmax_over_the_chosen_alone_is_the_same_and_passes():
    def route(logits, chosen):
        experts = np.argsort(logits)[:, ::-1][:, :chosen]
        powers = np.exp(np.take_along_axis(logits, experts, 1))
        return experts, powers / powers.sum(1, keepdims=True)

    assert check(route)


def test_a_missing_root_of_the_width():
    def embed(table, ids):
        return np.array([table[id] for id in ids])

    verdict = check(embed)
    assert "sqrt(D) is missing" in verdict.misconception and verdict.step.startswith("a row of ones")


def test_a_mistake_nobody_thought_of_gets_the_step_and_no_made_up_cause():
    def frequencies(head_dim, theta):
        return theta ** (-np.arange(0, head_dim, 2) / (head_dim + 1))

    verdict = check(frequencies)
    assert verdict.state == "wrong" and verdict.misconception is None
    assert verdict.step == "a head of 4 and a theta of 100 turn by 1 and 0.1"
    assert "you gave" in verdict.message


def test_a_list_of_lists_is_a_mask_too():
    def causal(length):
        return [[key <= query for key in range(length)] for query in range(length)]

    assert check(causal)


def test_a_size_by_trying_all_rows_and_columns_is_right():
    def resized(height, width, budget):
        step = (height * width / budget) ** 0.5
        rows, columns = height // step, width // step
        if rows < 1 or columns < 1:
            rows, columns = (1, budget) if height < width else (budget, 1)
        return int(rows) * 48, int(columns) * 48

    assert check(resized)


def test_means_over_nine_neighbours_in_the_list_by_a_loop():
    def mean_pool(patches, positions):
        kept = [patch for patch, (x, _) in zip(patches, positions, strict=True) if x != -1]
        return [np.mean(kept[start : start + 9], axis=0) for start in range(0, len(kept), 9)]

    assert "side by side in the list" in check(mean_pool).misconception


def test_means_by_a_dictionary_are_right():
    def mean_pool(patches, positions):
        squares = {}
        for patch, (x, y) in zip(patches, positions, strict=True):
            if x >= 0:
                squares.setdefault((y // 3, x // 3), []).append(patch)
        return [np.mean(squares[place], axis=0) for place in sorted(squares)]

    assert check(mean_pool)


def test_a_spectrum_of_squares_is_told_so():
    def log_mel(frames, points):
        spectrum = np.fft.rfft(frames, 512)
        power = spectrum.real**2 + spectrum.imag**2
        hertz = np.arange(257) * 16_000 / 512
        bins = [np.interp(hertz, points[m : m + 3], [0, 1, 0]) for m in range(len(points) - 2)]
        return np.log(power @ np.array(bins).T + 1e-3)

    verdict = check(log_mel)
    assert "squared" in verdict.misconception and verdict.step.startswith("twice as loud")


def test_a_sound_that_is_transformed_without_its_overlap():
    def framed(sound):
        window = np.sin(np.pi * np.arange(320) / 320) ** 2
        padded = [*[0.0] * 160, *sound]
        return [padded[i : i + 320] * window for i in range(0, len(padded) - 320, 320)]

    assert "do not overlap" in check(framed).misconception
