"""The discriminant: the same in both ways of solving, and right where the answer is known."""

import numpy as np
import pytest

from models.heads.shrunk_lda import ShrunkLda


def two_clouds(count: int, dim: int) -> tuple[np.ndarray, np.ndarray]:
    noise = np.random.default_rng(0).standard_normal((2 * count, dim)).astype(np.float32)
    codes = np.repeat([0, 1], count).astype(np.intp)
    noise[:, 0] += 4 * codes
    return noise, codes


@pytest.mark.parametrize(("count", "dim"), [(200, 5), (20, 300)])
def test_it_tells_two_clouds_apart(count: int, dim: int) -> None:
    vectors, codes = two_clouds(count, dim)
    lda = ShrunkLda.fit(vectors, codes, 0.5, prior=False)
    assert (lda.scores(vectors).argmax(axis=1) == codes).mean() > 0.95
    assert lda.weights.shape == (2, dim)
    assert lda.weights.dtype == lda.bias.dtype == np.float32
    np.testing.assert_allclose(lda.probabilities(vectors).sum(axis=1), 1, rtol=1e-5)


def test_fewer_rows_than_numbers_give_what_the_whole_covariance_gives() -> None:
    vectors, codes = two_clouds(10, 30)
    lda = ShrunkLda.fit(vectors, codes, 0.3, prior=True)
    rows = vectors.astype(np.float64)
    means = np.stack([rows[codes == code].mean(axis=0) for code in (0, 1)])
    residuals = rows - means[codes]
    covariance = residuals.T @ residuals / len(rows)
    ball = np.trace(covariance) / 30 * np.eye(30)
    expected = means @ np.linalg.inv(0.7 * covariance + 0.3 * ball)
    np.testing.assert_allclose(lda.weights, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        lda.bias, -0.5 * (expected * means).sum(axis=1) + np.log(0.5), rtol=1e-4
    )


def test_a_frequent_class_is_likelier_beforehand() -> None:
    vectors = np.array([[0.0], [0.2], [0.1], [1.0]], np.float32)
    codes = np.array([0, 0, 0, 1], np.intp)
    alike, told = (ShrunkLda.fit(vectors, codes, 0.5, prior=p).bias for p in (False, True))
    np.testing.assert_allclose(told - alike, np.log([0.75, 0.25]), rtol=1e-4)


def test_rows_that_are_all_alike_do_not_divide_by_zero() -> None:
    lda = ShrunkLda.fit(np.ones((4, 3), np.float32), np.array([0, 0, 1, 1], np.intp), 0.5, True)
    assert np.isfinite(lda.weights).all()


def test_a_class_without_a_row_is_refused() -> None:
    with pytest.raises(ValueError, match="a class has no row"):
        ShrunkLda.fit(np.ones((2, 3), np.float32), np.array([0, 2], np.intp), 0.5, False)
