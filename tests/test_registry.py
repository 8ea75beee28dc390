"""The registry: plug-ins are found, broken ones are explained, nothing heavy is imported."""

import subprocess
import sys
import textwrap

import pytest

from psychobench.errors import ObserverError, OptionError, Terminated
from psychobench.observers.registry import list_observers, load_observer

FACTORY = """
class Rule:
    info = None
    def __init__(self, **options):
        self.options = options
    def respond(self, images):
        return images.mean(axis=(1, 2, 3)) / 255

def plain():
    return Rule()

def with_options(*, pretraining="objects", seed=0):
    return Rule(pretraining=pretraining, seed=seed)

def with_any(**options):
    return Rule(**options)

def raises():
    raise RuntimeError("no weights here\\nsecond line")

def family(network, *, seed=0):
    return Rule(network=network, seed=seed)

def gives_nothing():
    return None

number = 3
"""


@pytest.fixture
def install(plug_in):
    """Give a function that registers a package whose module is `FACTORY`, or another source."""

    def install(package, entries, source=FACTORY):
        plug_in(package, entries, textwrap.dedent(source))

    return install


def entry(name):
    (found,) = [each for each in list_observers() if each.name == name]
    return found


def test_an_installed_plug_in_is_listed_with_its_package_and_its_options(install):
    install("lab-plugin", {"lab_rule": "lab_plugin:with_options"})
    found = entry("lab_rule")
    assert (found.status, found.package, found.reason) == ("ok", "lab-plugin", "")
    assert found.options == ("pretraining", "seed")
    assert found.to_dict()["options"] == ["pretraining", "seed"]


def test_a_plug_in_that_raises_on_import_is_a_row_and_stops_no_other(install):
    install("bad-plugin", {"bad_rule": "bad_plugin:f"}, "raise ValueError('weights are gone')")
    install("lab-plugin", {"lab_rule": "lab_plugin:plain"})
    assert entry("bad_rule").status == "broken"
    assert "ValueError: weights are gone" in entry("bad_rule").reason
    assert entry("lab_rule").status == "ok"
    assert load_observer("lab_rule")


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("not_installed_anywhere:f", "No module named 'not_installed_anywhere'"),
        ("odd_plugin:absent", "has no attribute 'absent'"),
        ("odd_plugin:number", "of type int, which cannot be called"),
        ("odd_plugin", "of type module, which cannot be called"),
        ("!!", "AttributeError"),
    ],
)
def test_a_plug_in_that_cannot_be_a_factory_is_broken_and_says_why(install, target, reason):
    install("odd-plugin", {"odd_rule": target})
    assert entry("odd_rule").status == "broken"
    assert reason in entry("odd_rule").reason
    with pytest.raises(ObserverError, match="odd_rule"):
        load_observer("odd_rule")


def test_a_plug_in_that_exits_on_import_does_not_end_the_program(install):
    install("exit-plugin", {"exit_rule": "exit_plugin:f"}, "raise SystemExit(3)")
    assert "SystemExit" in entry("exit_rule").reason


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("class Odd(BaseException): pass\nraise Odd('no')", "raised Odd: no"),
        ("import os\nos._exit(3)", "would end the program"),
    ],
)
def test_nothing_that_a_plug_in_does_on_import_ends_the_program(install, source, said):
    install("ending-plugin", {"ending_rule": "ending_plugin:f"}, source)
    assert said in entry("ending_rule").reason
    assert entry("template").status == "ok"


def test_a_plug_in_that_prints_on_import_keeps_stdout_clean(install, capsys):
    install("loud-plugin", {"loud_rule": "loud_plugin:f"}, "print('hello')\ndef f(): pass")
    assert entry("loud_rule").status == "ok"
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "hello\n")


@pytest.mark.parametrize("ending", [KeyboardInterrupt, Terminated])
def test_the_users_and_the_systems_wish_to_stop_is_no_fault_of_a_plug_in(install, ending):
    source = f"from psychobench.errors import Terminated\nraise {ending.__name__}"
    install("stopped-plugin", {"stopped_rule": "stopped_plugin:f"}, source)
    with pytest.raises(ending):
        list_observers()


def test_two_plug_ins_with_one_name_are_both_listed_and_neither_is_chosen(install):
    install("first-plugin", {"same": "first_plugin:plain"})
    install("second-plugin", {"same": "second_plugin:plain"})
    rows = [each for each in list_observers() if each.name == "same"]
    assert [row.status for row in rows] == ["duplicate", "duplicate"]
    assert "second-plugin" in rows[0].reason
    assert "first-plugin" in rows[1].reason
    with pytest.raises(ObserverError, match=r"first-plugin.*second-plugin"):
        load_observer("same")


def test_an_unknown_name_names_the_nearest_the_others_and_why_broken_ones_are(install):
    install("bad-plugin", {"bad_rule": "bad_plugin:f"}, "import not_installed_anywhere")
    with pytest.raises(ObserverError) as caught:
        load_observer("tmplate")
    first, *others = caught.value.faults
    assert "there is no 'tmplate'" in first
    assert "did you mean 'template'?" in first
    (broken,) = [fault for fault in others if "bad_rule" in fault]
    assert "not_installed_anywhere" in broken


def test_an_observer_of_a_package_not_installed_names_that_package(monkeypatch):
    monkeypatch.setattr("psychobench.observers.registry.entry_points", lambda group: ())
    with pytest.raises(ObserverError, match=r"only none; .*pip install -e plugins/torch_models"):
        load_observer("fe_alexnet")


def test_a_factory_gets_only_the_options_it_declares(install):
    install(
        "lab-plugin",
        {
            "lab_plain": "lab_plugin:plain",
            "lab_both": "lab_plugin:with_options",
            "lab_any": "lab_plugin:with_any",
        },
    )
    assert load_observer("lab_plain", seed=3, pretraining=None).options == {}
    assert load_observer("lab_both", seed=3, pretraining=None).options == {
        "pretraining": "objects",
        "seed": 3,
    }
    assert load_observer("lab_any", seed=3).options == {"seed": 3}


def test_an_option_that_the_user_set_is_never_dropped_quietly(install):
    install("lab-plugin", {"lab_plain": "lab_plugin:plain"})
    with pytest.raises(OptionError, match=r"'lab_plain' has no 'pretraining' \(given 'imagenet'\)"):
        load_observer("lab_plain", pretraining="imagenet")


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        ("raises", r"raised RuntimeError: no weights here$"),
        ("gives_nothing", "must have info and respond"),
    ],
)
def test_a_factory_that_gives_no_observer_is_named_with_its_package(install, factory, message):
    install("lab-plugin", {"lab_rule": f"lab_plugin:{factory}"})
    with pytest.raises(ObserverError, match=message) as caught:
        load_observer("lab_rule")
    assert "lab-plugin" in str(caught.value)


def test_a_family_is_listed_with_its_argument_and_asked_for_after_a_colon(install):
    install("lab-plugin", {"lab_family": "lab_plugin:family"})
    found = entry("lab_family")
    assert (found.usage, found.options) == ("lab_family:NETWORK", ("seed",))
    assert load_observer("lab_family:resnet18", seed=3).options == {
        "network": "resnet18",
        "seed": 3,
    }
    assert load_observer("lab_family:a:b").options["network"] == "a:b"


@pytest.mark.parametrize("name", ["lab_family", "lab_family:"])
def test_a_family_without_its_argument_says_what_to_write(install, name):
    install("lab-plugin", {"lab_family": "lab_plugin:family"})
    with pytest.raises(ObserverError, match="write lab_family:NETWORK"):
        load_observer(name)


def test_an_observer_that_is_no_family_takes_no_argument(install):
    install("lab-plugin", {"lab_rule": "lab_plugin:with_options"})
    with pytest.raises(ObserverError, match=r"takes no ':imagenet'; write lab_rule$"):
        load_observer("lab_rule:imagenet")


def test_an_unknown_family_names_the_nearest(install):
    install("lab-plugin", {"lab_family": "lab_plugin:family"})
    with pytest.raises(ObserverError, match="did you mean 'lab_family'"):
        load_observer("lab_famly:resnet18")


def test_loading_does_not_read_info_because_that_may_load_weights(install):
    source = """
    class Heavy:
        @property
        def info(self):
            raise MemoryError("a gigabyte of weights")
        def respond(self, images):
            return images
    """
    install("heavy-plugin", {"heavy": "heavy_plugin:Heavy"}, source)
    assert load_observer("heavy")


@pytest.mark.slow
def test_listing_imports_neither_torch_nor_the_renderer():
    code = (
        "import sys; from psychobench.observers.registry import list_observers; list_observers();"
        "print([m for m in ('torch', 'scipy', 'matplotlib', 'statsmodels') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_a_notebook_shows_the_observers_as_a_table():
    listed = list_observers()
    frame = listed.to_frame()
    assert list(frame.columns) == ["observer", "status", "options", "package", "reason"]
    assert frame["observer"].tolist() == [entry.usage for entry in listed]
    assert "<td>template</td>" in listed._repr_html_()
