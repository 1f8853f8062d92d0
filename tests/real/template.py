"""The CloudFormation templates of `docs/setup`, and the commands of the pages beside them.

Run by the interpreter of the `ministack` environment, which holds PyYAML.
"""

import copy
import json
import re

import yaml

import machine

FOLDER = machine.ROOT / "docs" / "setup"

# What ministack's CloudFormation lacks. Of these resources nothing but the text can be checked.
MISSING = {"AWS::Cognito::ManagedLoginBranding", "AWS::Cognito::UserPoolIdentityProvider"}


class _Loader(yaml.SafeLoader):
    """YAML with the short forms of CloudFormation's functions, turned into their long forms."""


def _function(loader, name, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    else:
        value = loader.construct_sequence(node, deep=True)
    if name == "Ref":
        return {"Ref": value}
    return {f"Fn::{name}": value.split(".", 1) if name == "GetAtt" else value}


_Loader.add_multi_constructor("!", _function)


def read(name: str) -> dict:
    """The template `docs/setup/NAME.yaml`."""
    return yaml.load((FOLDER / f"{name}.yaml").read_text(), _Loader)


def without(template: dict, types: set) -> dict:
    """The template without its resources of these types, and without the words that it waits for them."""
    rest = copy.deepcopy(template)
    gone = [name for name, resource in rest["Resources"].items() if resource["Type"] in types]
    for name in gone:
        del rest["Resources"][name]
    for resource in rest["Resources"].values():
        if resource.get("DependsOn") in gone:
            del resource["DependsOn"]
    return rest


def types(template: dict) -> set:
    """The types of its resources."""
    return {resource["Type"] for resource in template["Resources"].values()}


def text(template: dict) -> str:
    """The template as CloudFormation takes it."""
    return json.dumps(template)


def key_of(output: str) -> str:
    """The profile key that an output is named after."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", output).lower()


def blocks(page: str, language: str) -> list:
    """The fenced blocks of `docs/setup/PAGE.md` in that language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", (FOLDER / f"{page}.md").read_text(), re.DOTALL | re.MULTILINE)
