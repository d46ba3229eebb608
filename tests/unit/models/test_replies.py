from __future__ import annotations

import pytest

from assay.models.form import FormError, assemble, describe
from assay.models.replies import split_reply, without_thoughts
from assay.models.roles import Ablation, Program, Repair

JSON = '{"title": "T", "plan": "P"}'
CODE = "import os\nprint(os.sep)\n"
PY = f"```python\n{CODE}```\n"
NAMES = ("title", "plan")

SHAPES = {
    "asked form": f"```json\n{JSON}\n```\n{PY}",
    "no blank line, windows line ends": f"```json\r\n{JSON}\r\n```\r\n" + PY.replace("\n", "\r\n"),
    "leading prose": f"Sure, here is my idea.\n\n```json\n{JSON}\n```\n\nAnd the code:\n\n{PY}",
    "trailing prose": f"```json\n{JSON}\n```\n{PY}\nLet me know if you need more {{details}}!",
    "think block": f"<think>\nMaybe a ridge? ```python\nx = 1\n```\n</think>\n```json\n{JSON}\n```\n{PY}",
    "think block with other json": '<think>{"title": "no", "plan": "no"}</think>' + f"\n```json\n{JSON}\n```\n{PY}",
    "thinking tag": f"<thinking>hm</thinking>```json\n{JSON}\n```\n{PY}",
    "orphan end of thoughts": f"first I think {{a}}\n</think>\n```json\n{JSON}\n```\n{PY}",
    "two think blocks": f"<think>a</think>\n<think>b</think>\n```json\n{JSON}\n```\n{PY}",
    "json without a fence": f"{JSON}\n\n{PY}",
    "json in an unnamed fence": f"```\n{JSON}\n```\n{PY}",
    "upper-case languages": f"```JSON\n{JSON}\n```\n```Python\n{CODE}```",
    "py as language": f"```json\n{JSON}\n```\n```py\n{CODE}```",
    "code in an unnamed fence": f"```json\n{JSON}\n```\n```\n{CODE}```",
    "tildes": f"~~~json\n{JSON}\n~~~\n~~~python\n{CODE}~~~",
    "four backticks around three": f"```json\n{JSON}\n```\n````python\n{CODE}````",
    "file name after the language": f"```json\n{JSON}\n```\n```python solution.py\n{CODE}```",
    "code first": f"{PY}\n```json\n{JSON}\n```",
    "in a list": f"1. ```json\n   {JSON}\n   ```\n2. ```python\n   import os\n   print(os.sep)\n   ```",
    "raw line break in a string": f'```json\n{{"title": "T",\n"plan": "P"}}\n```\n{PY}',
    "single quotes": f"```json\n{{'title': 'T', 'plan': 'P'}}\n```\n{PY}",
    "trailing comma": f'```json\n{{"title": "T", "plan": "P",}}\n```\n{PY}',
    "bare names": f'```json\n{{title: "T", plan: "P"}}\n```\n{PY}',
    "comment in json": f'```json\n{{"title": "T", // short\n"plan": "P"}}\n```\n{PY}',
    "missing brace": f'```json\n{{"title": "T", "plan": "P"\n```\n{PY}',
    "missing comma": f'```json\n{{"title": "T"\n"plan": "P"}}\n```\n{PY}',
    "python constants": f'```json\n{{"title": "T", "plan": "P", "sure": True}}\n```\n{PY}',
    "unknown fields": f'```json\n{{"title": "T", "plan": "P", "score": 0.9, "recipe": {{"a": 1}}}}\n```\n{PY}',
    "braces in prose before": f"The set {{a, b}} matters.\n{JSON}\n{PY}",
    "another object before": f'{{"note": 1}}\n{JSON}\n{PY}',
    "snippet before the script": f"```json\n{JSON}\n```\nThe trick:\n```python\nx = 1\n```\nAll:\n{PY}",
    "shell block beside": f"```bash\npip install x\n```\n```json\n{JSON}\n```\n{PY}",
    "unclosed last fence": f"```json\n{JSON}\n```\n```python\n{CODE}",
    "code inside json": '```json\n{"title": "T", "plan": "P", "code": "import os\\nprint(os.sep)\\n"}\n```',
    "code inside json, raw breaks": f'{{"title": "T", "plan": "P", "code": "{CODE}"}}',
    "placeholder in json": f'```json\n{{"title": "T", "plan": "P", "code": "see below"}}\n```\n{PY}',
    "bare code after json": f"{JSON}\n\n{CODE}",
    "byte order mark": f"\ufeff```json\n{JSON}\n```\n{PY}",
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES.keys())
def test_every_shape_gives_the_same_program(text: str) -> None:
    program = assemble(split_reply(text, NAMES), Program)
    assert (program.title, program.plan, program.code.strip(), program.recipe) == ("T", "P", CODE.strip(), {})


def test_there_are_enough_shapes() -> None:
    assert len(SHAPES) >= 30


BAD = {
    "nothing": "",
    "only thoughts": "<think>and on and on",
    "a refusal": "I'm sorry, but I can't help with that.",
    "garbage": "}{][" * 500,
    "no code": f"```json\n{JSON}\n```",
    "no json": PY,
    "code that does not parse": f"```json\n{JSON}\n```\n```python\ndef f(:\n```",
    "empty title": f'```json\n{{"title": "", "plan": "P"}}\n```\n{PY}',
    "a list": f"```json\n[1, 2]\n```\n{PY}",
    "deep nesting": '{"title": ' * 3_000,
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_what_cannot_be_used_is_said(text: str) -> None:
    with pytest.raises(FormError) as caught:
        assemble(split_reply(text, NAMES), Program)
    assert str(caught.value)


def test_code_without_its_fields_only_needs_form() -> None:
    with pytest.raises(FormError) as caught:
        assemble(split_reply(PY, NAMES), Program)
    assert caught.value.only_form


def test_a_refusal_is_not_sent_to_be_formatted() -> None:
    with pytest.raises(FormError) as caught:
        assemble(split_reply("I am sorry, I cannot do this for you, ask somebody else please.", NAMES), Program)
    assert not caught.value.only_form


def test_backticks_inside_an_indented_string_do_not_end_the_script() -> None:
    code = 'HELP = """\n    ```\n    text\n    ```\n"""\n'
    program = assemble(split_reply(f"```json\n{JSON}\n```\n```python\n{code}```", NAMES), Program)
    assert program.code == code


def test_scripts_of_a_list_are_matched_in_order() -> None:
    variants = '{"variants": [{"part": "a", "description": "x"}, {"part": "b", "description": "y"},]}'
    text = f"```json\n{variants}\n```\n```python\nA = 1\n```\n```python\nB = 2\n```"
    ablation = assemble(split_reply(text, ("variants",)), Ablation)
    assert [(v.part, v.code) for v in ablation.variants] == [("a", "A = 1\n"), ("b", "B = 2\n")]


def test_too_few_scripts_for_a_list_are_counted() -> None:
    variants = '{"variants": [{"part": "a", "description": "x"}, {"part": "b", "description": "y"}]}'
    with pytest.raises(FormError, match=r"2 python blocks.*found 1"):
        assemble(split_reply(f"```json\n{variants}\n```\n```python\nA = 1\n```", ("variants",)), Ablation)


def test_what_is_only_too_long_is_cut_instead_of_asked_again() -> None:
    variants = ", ".join(f'{{"part": "{"p" * 90}", "description": "d{i}"}}' for i in range(6))
    scripts = "".join(f"```python\nX = {i}\n```\n" for i in range(6))
    text = f'```json\n{{"variants": [{variants}]}}\n```\n{scripts}'
    ablation = assemble(split_reply(text, ("variants",)), Ablation)
    assert [v.description for v in ablation.variants] == ["d0", "d1", "d2", "d3"]
    assert {len(v.part) for v in ablation.variants} == {60}


def test_one_entry_instead_of_a_list_of_one() -> None:
    text = '{"variants": {"part": "a", "description": "x"}}\n```python\nA = 1\n```'
    assert assemble(split_reply(text, ("variants",)), Ablation).variants[0].part == "a"


def test_the_form_shows_scripts_as_blocks_and_hides_internal_fields() -> None:
    form = describe(Repair)
    assert '{"cause": "..."}' in form
    assert "```python" in form
    assert "recipe" not in form
    assert "```python" not in describe(Repair, scripts=False)


def test_repaired_objects_are_marked() -> None:
    assert split_reply('{"title": "T", "plan": "P', NAMES).repaired
    assert not split_reply(JSON, NAMES).repaired


def test_thoughts_are_removed_but_not_code_about_them() -> None:
    text = f"<think>x</think>\n```python\nTAG = '<think>'\nprint('a</think>')\n```\n{JSON}"
    assert "TAG = '<think>'" in without_thoughts(text)
    assert "a</think>" in without_thoughts(text)


def test_a_regex_in_code_raises_no_warning_and_is_accepted() -> None:
    code = 'import re\nP = re.compile("\\d+")\n'
    assert assemble(split_reply(f"{JSON}\n```python\n{code}```", NAMES), Program).code == code


@pytest.mark.parametrize("piece", ["<think>\n", "<think>a</thinking>\n", "![[", "["])
def test_a_reply_that_is_all_beginnings_takes_no_time(piece: str) -> None:
    # Whoever reads it holds up the whole engine; read to the end of the text at each beginning it would be for hours.
    split_reply(piece * (1_000_000 // len(piece)), NAMES)


def test_each_thought_ends_at_the_nearest_end_of_its_kind() -> None:
    text = "<Think>a <thinking>\n</thinking></THINK>b\n<thought>\nc</thought>  d\n<thinking> e </think> f"
    assert without_thoughts(text) == "f"
    assert without_thoughts("x\n<think>a</think> y\n<thought>b") == "x\ny\n<thought>b"
