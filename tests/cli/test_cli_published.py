import json


def test_json_has_forty_rows_with_the_documented_keys(run_cli):
    ran = run_cli("published", "ying2023", "--json")
    rows = json.loads(ran.out)
    assert (ran.code, ran.err, len(rows)) == (0, "", 40)
    assert list(rows[0])[:11] == [
        "table", "pretraining", "mask", "observer", "pse", "t_printed", "t_recomputed",
        "p_printed", "p_recomputed", "family_size", "agrees",
    ]  # fmt: skip
    assert [row["agrees"] for row in rows].count(None) == 11
    assert [row["agrees"] for row in rows].count(False) == 1
    assert rows[0]["pse"] is rows[0]["p_printed"] is None
    assert (rows[1]["t_printed"], rows[1]["p_printed"]) == (9.32, "<.001")
    assert all(isinstance(row["family_size"], int) for row in rows)


def test_people_read_which_figure_is_wrong_and_what_it_should_be(run_cli):
    ran = run_cli("published", "ying2023")
    assert "28 of 29 agree" in ran.out
    assert "printed t gives p = .355" in ran.out
    assert ran.out.count("NO: p") == 1
    assert "nan" not in ran.out.lower().replace("pretraining", "")


def test_an_unknown_paper_is_one_clear_line(run_cli):
    ran = run_cli("published", "ying2024")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "Error: NAME must be one of ying2023: got 'ying2024'; choose one of these\n"
