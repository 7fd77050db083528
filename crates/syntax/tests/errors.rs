//! Errors: the pages of `docs/errors`, and that slips give one error each, with a fix that mends.

use base::{Applicability, FileId};

/// `line:code` of each diagnostic.
fn found(text: &str) -> Vec<String> {
    let parse = syntax::parse(FileId(0), text);
    parse
        .diagnostics
        .iter()
        .map(|d| {
            let line = text[..d.primary.span.lo as usize].matches('\n').count() + 1;
            format!("{line}:{}", d.code)
        })
        .collect()
}

#[track_caller]
fn expect(text: &str, codes: &[&str]) {
    let messages: Vec<_> =
        syntax::parse(FileId(0), text).diagnostics.into_iter().map(|d| d.message).collect();
    assert_eq!(found(text), codes, "in\n{text}\n{messages:#?}");
}

/// The text with all fixes that are certain applied, again and again.
fn mended(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..20 {
        let parse = syntax::parse(FileId(0), &text);
        let fix = parse
            .diagnostics
            .iter()
            .flat_map(|d| &d.fixes)
            .find(|f| f.applicability == Applicability::Certain);
        let Some(fix) = fix else { break };
        let mut edits = fix.edits.clone();
        edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.lo));
        for (span, new) in edits {
            text.replace_range(span.lo as usize..span.hi as usize, &new);
        }
    }
    text
}

#[track_caller]
fn mends(text: &str, to: &str) {
    assert_eq!(mended(text), to);
    expect(to, &[]);
}

#[test]
fn pages_show_their_errors() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    for &(code, title) in base::codes::ALL {
        if !code.0.starts_with("E01") && !code.0.starts_with("W01") {
            continue;
        }
        let page = std::fs::read_to_string(folder.join(format!("{code}.md"))).expect(code.0);
        assert!(page.starts_with(&format!("# {code}: {title}\n")), "the title of {code}");
        let blocks: Vec<&str> = page.split("```").skip(1).step_by(2).collect();
        assert_eq!(blocks.len(), 2, "blocks of {code}");
        let (tag, bad) = blocks[0].split_once('\n').unwrap_or_default();
        assert!(tag.ends_with(&format!(":{code}")), "{code}: {tag}");
        let codes: Vec<_> = syntax::parse(FileId(0), bad).diagnostics.iter().map(|d| d.code).collect();
        assert_eq!(codes, [code], "{bad}");
        let good = blocks[1].split_once('\n').unwrap_or_default().1;
        expect(good, &[]);
    }
}

#[test]
fn layout() {
    expect("fn f()\n    let x = 1\n", &["1:E0110"]);
    expect("fn f():\nlet x = 1\n", &["1:E0105"]);
    expect("if x:\n", &["1:E0105"]);
    expect("fn f():\n    a()\n      b()\n      c()\n    d()\n", &["3:E0105"]);
    expect("fn f():\n        a()\n    b()\nc()\n", &["3:E0105"]);
    expect("    a()\nb()\n", &["1:E0105"]);
    expect("fn f():\n\ta()\nfn g():\n    a()\n", &["4:E0106"]);
    expect("fn f():\n \ta()\n", &["2:E0106"]);
    // Blank and comment lines do not count.
    expect("fn f():\n    a()\n\n  # c\n\t\n    b()\n", &[]);
    expect("x = a\n    + b\n    + c\nd()\n", &["2:E0122"]);
    mends("x = a\n    + b\ny()\n", "x = a +\n    b\ny()\n");
    expect("a(); b()\n", &["1:E0114"]);
    mends("a();\nb();\n", "a()\nb()\n");
    expect("{\n    a(); b()\n    c();\n}\n", &[]);
}

#[test]
fn braces() {
    mends("fn f() {\n    a()\n}\nb()\n", "fn f():\n    a()\nb()\n");
    mends(
        "if x {\n    a()\n} else if y {\n    b()\n} else {\n    c()\n}\n",
        "if x:\n    a()\nelse if y:\n    b()\nelse:\n    c()\n",
    );
    mends("while i < n {\n    i += 1\n}\n", "while i < n:\n    i += 1\n");
    mends("match x {\n    1 => 2,\n    _ => 3,\n}\n", "match x:\n    1 => 2,\n    _ => 3,\n");
    expect("for x in xs { a() }\nb()\n", &["1:E0110"]);
    expect("loop { break }\n", &["1:E0110"]);
    expect("impl A {\n    fn f(self) {\n        a()\n    }\n}\nb()\n", &["1:E0110", "2:E0110"]);
    expect("enum E { A, B }\n", &["1:E0110"]);
    // Struct literals in conditions are still possible.
    expect("if p == Point{x: 1}:\n    a()\n", &[]);
    expect("if p == Point{}: a()\n", &[]);
}

#[test]
fn brackets() {
    expect("foo(a, b\nlet x = 1\n", &["1:E0107"]);
    expect("foo(a b)\nbar(\n", &["1:E0101", "2:E0107"]);
    expect("let x = [1, 2\nlet y = 3\nfn f(): a()\n", &["1:E0107"]);
    expect("fn foo(a: int\n    return 1\nlet x = 1\n", &["1:E0107"]);
    expect("a)\nb()\n", &["1:E0107"]);
    expect(")\nb()\n", &["1:E0107"]);
    expect("let x = {\n    a\nlet y = 3\n", &["1:E0107"]);
    expect("foo(fn():\n    let x = (1\n    let y = 2\n)\nbaz()\n", &["2:E0107"]);
    expect("let a = Point{x: 1\nlet b = 2\n", &["1:E0107"]);
    expect("f(a, [1, 2, (3)\n  , 4])\n", &[]);
}

#[test]
fn words_of_other_languages() {
    mends("def f(a: int) -> int:\n    return a\n", "fn f(a: int) -> int:\n    return a\n");
    mends("var x = 3\n", "let mut x = 3\n");
    mends("x := 3\nlet y := 4\n", "let x = 3\nlet y = 4\n");
    mends("if a: b()\nelif c: d()\nelse: e()\n", "if a: b()\nelse if c: d()\nelse: e()\n");
    mends("class A:\n    x: int\n", "struct A:\n    x: int\n");
    mends("import std::io\nuse std.fs\n", "use std::io\nuse std::fs\n");
    mends("f(own a)\n", "f(a)\n");
    mends("xs.map(x => x + 1)\nys.map((a, b) => a)\n", "xs.map(|x| x + 1)\nys.map(|a, b| a)\n");
    mends("let x: int? = y\nlet z: ?int = y\n", "let x: Option[int] = y\nlet z: Option[int] = y\n");
    mends("match x:\n    case 1 => a\n    _ -> b\n", "match x:\n    1 => a\n    _ => b\n");
    expect("package main\n\nfunc (r *T) name() -> int:\n    return 1\n", &["1:E0113", "3:E0113", "3:E0113"]);
    expect("fn (t T) other():\n    pass\n", &["1:E0113"]);
    expect("let package = 1\nprintln(\"${package}\")\n", &[]);
    mends("struct S:\n    a: own int\n", "struct S:\n    a: int\n");
    mends("fn f(own x: own int):\n    pass\n", "fn f(x: own int):\n    pass\n");
    expect("fn f(mut x: own int):\n    pass\n", &["1:E0121"]);
    expect("fn f(x: own mut int):\n    pass\n", &["1:E0121"]);
    expect("let x = null\nreturn nil\n", &["1:E0113", "2:E0113"]);
    expect("try:\n    f()\n", &["1:E0113"]);
    expect("raise Foo(1)\n", &["1:E0113"]);
    expect("print \"x\"\n", &["1:E0113"]);
    expect("x.await\n", &["1:E0113"]);
    expect("#[derive(Clone)]\nstruct A\n", &["1:W0101"]);
    expect("@test\nfn f(): a()\n", &["1:E0117"]);
    mends(
        "for i, x in xs.enumerate(): f()\nlet a, b = g()\n",
        "for [i, x] in xs.enumerate(): f()\nlet [a, b] = g()\n",
    );
    mends("let v = vec![1, 2]\nfn f(x: &'a int): a()\n", "let v = [1, 2]\nfn f(x: &int): a()\n");
    mends("let v = xs.collect::<List<int>>()\n", "let v = xs.collect[List[int]]()\n");
    mends("fn f(): int:\n    return 1\n", "fn f() -> int:\n    return 1\n");
    expect("println!(\"x\")\nassert!(a == b)\n", &["1:E0113", "2:E0113"]);
    expect(
        "for i = 0; i < 3; i++:\n    f()\nfor (let i = 0; i < 3; i += 1) {\n    f()\n}\ng()\n",
        &["1:E0113", "3:E0113", "3:E0110"],
    );
    expect("int x = 3\nreturn a, b\nif a in b: c()\n", &["1:E0113", "2:E0101", "3:E0101"]);
    expect("println(f\"a ${b}\")\n", &["1:E0119"]);
    // Names that only look like them.
    expect("let def = 1\ndef(3)\nvar = 2\nswitch.toggle()\nfun + 1\nelif = 3\n", &[]);
}

#[test]
fn operators_of_other_languages() {
    mends("if a && b||!c: d()\n", "if a and b or not c: d()\n");
    mends("x = !a == b\n", "x = (not a) == b\n");
    mends("x = !a and b\n", "x = not a and b\n");
    mends("i++\nj--\n", "i += 1\nj -= 1\n");
    mends("a === b\nc !== d\n", "a == b\nc != d\n");
    mends("if x = 1: a()\nwhile y = 2: b()\n", "if x == 1: a()\nwhile y == 2: b()\n");
    expect("let x = a ? b : c\n", &["1:E0112"]);
    expect("x = a ** b\n", &["1:E0112"]);
    expect("a < b < c\n", &["1:E0120"]);
    expect("let a = b = c\n", &["1:E0111"]);
    expect("a = b = c\n", &["1:E0111"]);
    mends(
        "let v = Vec<int>::new()\nlet w: Map<string, [int]> = m\n",
        "let v = Vec[int]::new()\nlet w: Map[string, [int]] = m\n",
    );
    mends("fn f<T>(x: T): g()\nlet z = Vec::<int>::new()\n", "fn f[T](x: T): g()\nlet z = Vec[int]::new()\n");
    expect("if a < b and c > (d): e()\n", &[]);
}

#[test]
fn functions() {
    mends("fn f(a: int) int:\n    return a\n", "fn f(a: int) -> int:\n    return a\n");
    mends("fn f(&self, x: int): a()\n", "fn f(self, x: int): a()\n");
    mends("fn f(&mut self): a()\n", "fn f(mut self): a()\n");
    mends("fn f(mut x: int): a()\n", "fn f(x: mut int): a()\n");
    mends("fn f(self: Foo): a()\n", "fn f(self): a()\n");
    expect("fn f(x, y): a()\n", &["1:E0101"]);
    expect("fn f(x: int = 3): a()\n", &["1:E0118"]);
    expect("fn match(x: int): a()\n", &["1:E0101"]);
    expect("f(x = 1)\nf(x: 1)\n", &["1:E0123", "2:E0123"]);
    expect("fn\nfn foo(\n", &["1:E0101", "2:E0107"]);
}

#[test]
fn literals() {
    mends("let s = 'hello \"you\"'\n", "let s = \"hello \\\"you\\\"\"\n");
    expect("let s = f\"hi\"\n", &["1:E0119"]);
    expect("let s = `hi`\n", &["1:E0102"]);
    expect("let s = \"abc\nlet t = 1\n", &["1:E0103"]);
    expect("foo(\"abc)\nlet t = 1\n", &["1:E0103"]);
    expect("let s = \"a ${b\nlet t = 1\n", &["1:E0103"]);
    expect("let s = \"a ${f(\"b\n)}\nlet t = 1\n", &["1:E0103"]);
    expect("let s = \"a ${b\"\nlet t = 1\n", &["1:E0103"]);
    expect("let s = \"a ${b // 2}\"\nlet t = 1\n", &["1:E0103"]);
    expect("let s = \"\"\"\n abc\nlet t = 1\n", &["1:E0103"]);
    expect("### x\nlet t = 1\n", &["1:E0104"]);
    expect("let y = \"\\q\" + \"\\u{110000}\" + \"\\x9\" + '\\''\n", &["1:E0108", "1:E0108", "1:E0108"]);
    expect("x = '' + 'a\n", &["1:E0108", "1:E0103"]);
    expect(
        "x = 0b12\ny = 12abc\nz = 0x\nw = 1.5u8\nv = 1.\n",
        &["1:E0109", "2:E0109", "3:E0109", "4:E0109", "5:E0109"],
    );
    expect("x = 99999999999999999999999999999999999999999\n", &["1:E0109"]);
    expect("x = \"${a:zz}\"\ny = \"${}\"\nz = \"${a b}\"\n", &["1:E0116", "2:E0101", "3:E0101"]);
    expect("let x = “a”\nlet y = 1\u{a0}+ 2\n", &["1:E0102", "1:E0102", "2:E0102"]);
    expect("# \u{202e}comment\n", &["1:E0102"]);
    expect("let x = 1\u{0}\n", &["1:E0102"]);
    expect("let x = 1\rlet y = 2\r\n", &["1:E0102"]);
    expect("\u{feff}let x = 1\r\nlet y = 2\r\n", &[]);
}

#[test]
fn several_faults_without_a_cascade() {
    let text = "\
fn one(a: int -> int:
    return a

struct Point:
    x int
    y: int

fn two(p: Point)
    let z = p.x +
    if z = 3:
        println(\"three\"
    return z

let ok = 1
match ok:
    1 => \"one\"
    2 \"two\"
    _ => \"many\"
";
    expect(text, &["1:E0107", "5:E0101", "8:E0110", "9:E0101", "10:E0111", "11:E0107", "17:E0101"]);
}
