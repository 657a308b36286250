"""Curves of characters: to scale, within their room, and with every number told where it is not finite."""

import pytest

from maas_client.cli._charts import line_chart, spark

STEEP = [(0, 4.0), (10, 3.0), (20, 2.0), (30, 1.0)]


def test_a_line_from_the_highest_to_the_lowest():
    assert line_chart(STEEP, 18, 3, plain=True) == [
        "      4 |**",
        "        |  *****",
        "      1 |       **",
        "         0      30",
    ]
    assert line_chart(STEEP, 14, 2) == ["      4 ┤⠑⠢⡀", "      1 ┤  ⠈⠢⢄", "         0  30"]


def test_beside_another_curve_it_stands_at_its_steps():
    left, right = (line_chart([(0, 2.0), (10, 1.0)], 29, 1, plain=True, span=span)[0] for span in (None, (0, 20)))
    assert (left.count("*"), right.count("*")) == (20, 11)
    assert not line_chart([(20, 1.0)], 29, 1, plain=True, span=(0, 20))[0].removesuffix("*").endswith("*")


@pytest.mark.parametrize(
    ("points", "width", "height"),
    [([], 80, 5), ([(1, float("nan")), (2, float("inf"))], 80, 5), (STEEP, 10, 5), (STEEP, 80, 0)],
)
def test_nothing_to_draw_or_no_room(points, width, height):
    assert line_chart(points, width, height) == []


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("width", [11, 23, 80])
@pytest.mark.parametrize("points", [[(7, 1.5)], [(0, 1.0), (9, 1.0)], STEEP, [(s, float(s % 7)) for s in range(5000)]])
def test_it_keeps_to_its_room(points, width, plain):
    for height in (1, 2, 9):
        lines = line_chart(points, width, height, plain=plain)
        assert len(lines) == height + 1
        assert max(map(len, lines)) <= width
        assert "".join(lines).isascii() is plain


def test_numbers_that_are_not_finite_leave_a_curve_of_the_others():
    assert line_chart([*STEEP, (40, float("nan"))], 30, 4) == line_chart(STEEP, 30, 4)


def test_bars():
    assert spark([], 10) == spark([(0, float("nan"))], 10) == spark(STEEP, 0) == ""
    assert spark([(0, 1.0), (1, 1.0)], 10) == "▁▁"
    assert spark([(0, 3.0), (1, 2.0), (2, float("inf")), (3, 1.0)], 10) == "█▅▁"
    assert len(spark([(step, float(step)) for step in range(1000)], 28)) == 28


def test_labels_keep_their_column():
    (line, _) = line_chart([(0, 1.23456e-7)], 20, 1, plain=True)
    assert line == "1.2e-07 |*"
