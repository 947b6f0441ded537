"""Reading customers: both forms, the shipped samples, and files that hold none."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from commands.customers import BadFile, Customer, read_customers


def test_the_shipped_samples() -> None:
    customers = read_customers(None)
    assert len(customers) == 3 + 231
    assert customers[0].name == "Crystal Minh"
    assert customers[0].lines[0].startswith("Hi! I need to return an item")
    assert all(customer.lines for customer in customers)


def test_a_csv_has_a_visitor_in_each_row(tmp_path: Path) -> None:
    path = tmp_path / "questions.csv"
    path.write_text('category,text\na,"Where, please?"\nb,\nc,Again\n')
    assert read_customers(path) == [Customer(None, ("Where, please?",)), Customer(None, ("Again",))]
    assert len(read_customers(path, limit=1)) == 1


def test_dialogues_keep_the_customers_lines_in_order(tmp_path: Path) -> None:
    path = tmp_path / "dialogues.json"
    lines = [["customer", "one"], ["agent", "x"], ["action", "y"], ["customer", "two\x00"], ["customer", "three"]]
    path.write_text(json.dumps([{"original": lines}]))
    assert read_customers(path) == [Customer(None, ("one", "three"))]


def test_all_parts_of_abcds_own_file(tmp_path: Path) -> None:
    path = tmp_path / "abcd.json"
    named = {"personal": {"customer_name": "ada \ud800"}}
    parts = {part: [{"original": [["customer", part]], "scenario": named}] for part in ("train", "dev", "test")}
    path.write_text(json.dumps(parts))
    assert read_customers(path) == [Customer(None, (part,)) for part in parts]


@pytest.mark.parametrize(
    "content",
    [
        "", "a,b\n1,2\n", "[]", "{", '[{"original": 3}]', "[1]", "text\n", "{}", '{"train": 1}', "[" * 100_000,
        '[{"original": [["customer", "x"]], "scenario": 1}]',
    ],
)  # fmt: skip
def test_a_file_without_customers_says_so(tmp_path: Path, content: str) -> None:
    path = tmp_path / "file"
    path.write_text(content)
    with pytest.raises(BadFile):
        read_customers(path)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be read"):
        read_customers(tmp_path / "none")


def test_a_cell_beyond_measure_says_so(tmp_path: Path) -> None:
    path = tmp_path / "questions.csv"
    path.write_text("text\nfar too long\n")
    most = csv.field_size_limit(5)
    try:
        with pytest.raises(BadFile, match="is no CSV: field larger"):
            read_customers(path)
    finally:
        csv.field_size_limit(most)
