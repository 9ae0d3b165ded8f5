"""C++ source as the rules look at it: without comments and strings, cut into functions."""

import re

TOKENS = re.compile(
    r'//[^\n]*|/\*.*?\*/'                                   # comments
    r'|R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"'        # raw strings
    r'|"(?:\\.|[^"\\\n])*"'                                 # strings
    r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'",               # characters, but no digit separators
    re.S)

# A brace after one of these opens a scope whose members are looked at, not a function's body.
SCOPE = re.compile(r"^\s*(?:\[\[.*?\]\]\s*)?(?:template\s*<.*>\s*(?:requires\b.*?)?|inline\s+|export\s+|typedef\s+)*"
                   r"(?:namespace|class|struct|union|enum|extern)\b", re.S)


def code_only(text):
    """`text` with comments, strings and character constants blanked out; lines stay where they are."""
    def blank(match):
        token = match.group()
        quote = token[0] if token[0] in "\"'" else ""
        return quote + re.sub(r"[^\n]", " ", token[2 * len(quote):]) + quote
    return TOKENS.sub(blank, text)


def functions(code):
    """(first line, number of lines) of each function's body and head in `code`, which is code_only's."""
    found = []
    scopes = []        # True for the brace that opened a function's body
    head_begin = 0     # where the declaration at hand begins
    for at, char in enumerate(code):
        inside = any(scopes)
        if char == "{":
            head = re.sub(r"^\s*#[^\n]*$", "", code[head_begin:at], flags=re.M)
            is_body = not inside and "(" in head and not SCOPE.match(head)
            if is_body:
                begin = head_begin + len(code[head_begin:at]) - len(code[head_begin:at].lstrip())
            scopes.append(is_body)
        elif char == "}" and scopes:
            if scopes.pop():
                first = code.count("\n", 0, begin) + 1
                found.append((first, code.count("\n", 0, at) + 2 - first))
        if char in "{};" and not any(scopes):
            head_begin = at + 1
    return found
