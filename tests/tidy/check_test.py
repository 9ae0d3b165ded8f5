"""The check finds what is bad and nothing else.

Each file in bad/ begins with `as: PATH` and `expect: RULE...`; the rest is put at PATH in an empty project, where the
check must report these rules and no others. good/ is the same without expectations.
"""

import os
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)

import check   # noqa: E402
import rules   # noqa: E402
import source  # noqa: E402


def snippet(folder, name):
    """(path, expected rules, content) of a snippet."""
    with open(os.path.join(HERE, folder, name), encoding="utf-8", newline="") as file:
        first, second, content = file.read().split("\n", 2)
    assert first.startswith("as: ") and second.startswith("expect:"), name
    return first[4:], second[7:].split(), content


def found_in(path, content):
    with tempfile.TemporaryDirectory() as root:
        file = os.path.join(root, path)
        os.makedirs(os.path.dirname(file), exist_ok=True)
        with open(file, "w", encoding="utf-8", newline="") as out:
            out.write(content)
        return check.check(root)


class Tidy(unittest.TestCase):
    def test_each_bad_snippet_breaks_its_rules_and_no_others(self):
        names = sorted(os.listdir(os.path.join(HERE, "bad")))
        self.assertGreater(len(names), 15)
        for name in names:
            path, expected, content = snippet("bad", name)
            breaches = found_in(path, content)
            self.assertEqual(sorted(rule for _, _, rule, _ in breaches), sorted(expected), f"{name}: {breaches}")

    def test_good_snippets_break_none(self):
        for name in sorted(os.listdir(os.path.join(HERE, "good"))):
            path, _, content = snippet("good", name)
            self.assertEqual(found_in(path, content), [], name)

    def test_every_banned_call_has_a_bad_snippet(self):
        expected = {rule for name in os.listdir(os.path.join(HERE, "bad")) for rule in snippet("bad", name)[1]}
        self.assertEqual({rule for rule, *_ in rules.BANNED} - expected, set())

    def test_a_file_that_is_too_long_is_found(self):
        line = "int x();\n"
        self.assertEqual(found_in("src/core/a.cpp", line * rules.CODE_LINES), [])
        breaches = found_in("src/core/a.cpp", line * (rules.CODE_LINES + 1))
        self.assertEqual([rule for _, _, rule, _ in breaches], ["file-size"])

    def test_a_function_that_is_too_long_is_found_where_it_begins(self):
        def body(lines):
            return "namespace a {\n\nint f(int x) {\n" + "  ++x;\n" * (lines - 2) + "}\n}  // namespace a\n"
        self.assertEqual(found_in("src/core/a.cpp", body(rules.FUNCTION_LINES)), [])
        breaches = found_in("src/core/a.cpp", body(rules.FUNCTION_LINES + 1))
        self.assertEqual([breach[:3] for breach in breaches], [("src/core/a.cpp", 3, "function-size")])

    def test_left_overs_are_found(self):
        breaches = found_in("src/core/a.cpp", "// TO" + "DO: later\n")
        self.assertEqual([rule for _, _, rule, _ in breaches], ["left-over"])

    def test_functions_are_found_in_classes_and_namespaces_alone(self):
        code = source.code_only('''
namespace a {
template <class T>
struct alignas(8) B {
  B() : x{1}, y(2) {
  }
  int f() const { return 1'000; }  // }
  int x = g({1, 2});
};
const char* s = "{ ( }";
const char* r = R"x({ )" } )x";
char c = '{';
enum class E { A, B };
constexpr int table[] = {
  1,
};
auto h() -> int
{
  if (true) { auto l = [](int) { return 1; }; }
  return 0;
}
}
''')
        self.assertEqual([n for n in source.functions(code) if n[1] > 1], [(5, 2), (17, 5)])


if __name__ == "__main__":
    unittest.main()
