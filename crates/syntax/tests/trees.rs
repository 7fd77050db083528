//! What texts are parsed to. `tour.altru` has every construct, its tree beside it; the tests here
//! are the places where two readings are possible.

use base::FileId;

#[track_caller]
fn tree(text: &str, expected: &str) {
    let parse = syntax::parse(FileId(0), text);
    assert!(parse.diagnostics.is_empty(), "in\n{text}\n{:#?}", parse.diagnostics);
    assert_eq!(syntax::shape(&parse, text).trim_end(), expected, "of\n{text}");
}

/// `ALTRU_BLESS=1` writes the tree anew.
#[test]
fn the_tour() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
    let text = std::fs::read_to_string(folder.join("tour.altru")).expect("the tour");
    let parse = syntax::parse(FileId(0), &text);
    assert!(parse.diagnostics.is_empty(), "{:#?}", parse.diagnostics);
    let tree = syntax::dump(&parse, &text);
    let place = folder.join("tour.tree");
    if std::env::var_os("ALTRU_BLESS").is_some() {
        std::fs::write(&place, &tree).expect("the tree");
    }
    let known = std::fs::read_to_string(&place).expect("the tree");
    assert_eq!(tree, known);
}

#[test]
fn precedence() {
    tree("a + b * c - d", "(- (+ a (* b c)) d)");
    tree("not a == b and c or d", "(or (and (not (== a b)) c) d)");
    tree("a or b and c implies d implies e", "(implies (or a (and b c)) (implies d e))");
    tree("-a.b as f64 < c..d", "(< (as (neg (field b a)) f64) (.. c d))");
    tree("a | b ^ c & d << e + f", "(| a (^ b (& c (<< d (+ e f)))))");
    tree("a..b + 1", "(.. a (+ b 1))");
    tree("&mut a.b[0]", "(&mut (index (field b a) 0))");
    tree("&&a", "(& (& a))");
    tree("**a", "(deref (deref a))");
    tree("*a.b = -~c", "(= (deref (field b a)) (neg (~ c)))");
    tree("await a.b()?", "(? (await (.b a)))");
    tree("await a()?.b()", "(await (.b (? (call a))))");
    tree("a - -1", "(- a (neg 1))");
    tree("a == not b", "(== a (not b))");
    tree("return a or b", "(return (or a b))");
}

#[test]
fn numbers() {
    tree("1..2", "(.. 1 2)");
    tree("1.abs()", "(.abs 1)");
    tree("t.0.1", "(field 1 (field 0 t))");
    tree("0xff_u8 + 1_000i64 + 2.5e-3 + 1e3 + 7f32", "(+ (+ (+ (+ 255u8 1000i64) 2.5e-3) 1e3) 7.0f32)");
}

#[test]
fn index_or_generics() {
    tree("xs[i]", "(index xs i)");
    tree("xs[i + 1, j]", "(index xs (+ i 1) j)");
    tree("xs[a..]", "(index xs (.. a _))");
    tree("channel[int](3)", "(call (index channel int) 3)");
    tree("f[[int]]()", "(call (index f type:[int]))");
    tree("f[&T, fn(int) -> int]()", "(call (index f (& T) type:fn(int) -> int))");
    tree("f[(int, string)]()", "(call (index f (tuple int string)))");
    tree("Vec[int]::new()", "(call Vec[int]::new)");
    tree("Map[string, [int]]::new()", "(call Map[string, [int]]::new)");
    tree("a::B[C[int], (D, E)]::f", "a::B[C[int], (tuple D E)]::f");
    tree("Point[int]{x: 1}", "(struct Point[int] x:1)");
    tree("x.parse[int]()", "(.parse[int] x)");
    tree("x.collect[[int]]()", "(.collect[[int]] x)");
    tree("self.handlers[i](x)", "(call (index (field handlers self) i) x)");
    tree("self.grid[i][j]", "(index (index (field grid self) i) j)");
    tree("map[&key.name]", "(index map (& (field name key)))");
}

#[test]
fn structs_or_blocks() {
    tree("Point {x: 1, y}", "(struct Point x:1 y)");
    tree("Point{..p}", "(struct Point ..p)");
    tree("let a = Empty{}", "let a = (struct Empty)");
    tree("Point{\n    x: 1,\n    y: 2,\n}", "(struct Point x:1 y:2)");
    tree("if a == Point{x: 1}: b()", "(if (== a (struct Point x:1)):\n  (call b))");
    tree("{\n    a()\n}", "(block:\n  (call a))");
    tree("let a = { b }", "let a = (block:\n  b)");
    tree("a\n{\n    b()\n}", "a\n(block:\n  (call b))");
}

#[test]
fn attributes_or_lists() {
    tree("[test]\nfn f(): a()", "[test]\nfn f ():\n  (call a)");
    tree("[a, b(c, d = 1)]\n[e = \"x\"]\npub struct S", "[a]\n[b c d = 1]\n[e \"x\"]\npub struct S");
    tree("[a, b]\nf()", "(list a b)\n(call f)");
    tree("[a]", "(list a)");
    tree("[a(1)].len()", "(.len (list (call a 1)))");
    tree("[biased]\nselect:\n    default: a()", "(select biased\n  default:\n    (call a))");
}

#[test]
fn words() {
    tree("go f(x)", "go (call f x)");
    tree("go(x)", "(call go x)");
    tree("go = 1", "(= go 1)");
    tree("req x > 0", "req (> x 0)");
    tree("req (x > 0)?", "req? (> x 0)");
    tree("req(x)", "(call req x)");
    tree("req -x > 0", "req (> (neg x) 0)");
    tree("req - x", "(- req x)");
    tree("req [0]", "req (list 0)");
    tree("req[0]", "(index req 0)");
    tree("ens old(x) == x", "ens (== (old x) x)");
    tree("old(x)", "(call old x)");
    tree("pass", "pass");
    tree("pass.go()", "(.go pass)");
    tree("select.from(case, view, scope)", "(.from select case view scope)");
    tree("scope s: f(s)", "(scope s:\n  (call f s))");
    tree("scope: f()", "(scope :\n  (call f))");
    tree("scope(s)", "(call scope s)");
    tree("deadline d: f()", "(deadline d:\n  (call f))");
    tree("deadline(d)", "(call deadline d)");
    tree("deadline (d + 1): f()", "(deadline (+ d 1):\n  (call f))");
    tree("let type = 1\ntype.match()", "let type = 1\n(.match type)");
    tree("type T = int", "type T = int");
    tree("actor = 3", "(= actor 3)");
    tree("if scope: f()", "(if scope:\n  (call f))");
    tree("a implies b", "(implies a b)");
    tree("let implies = 1", "let implies = 1");
    tree("forall i in 0..n: i < n", "(forall i (.. 0 n) (< i n))");
    tree("exists(x)", "(call exists x)");
    tree("defer: f()", "defer:\n  (call f)");
    tree("defer.x = 1", "(= (field x defer) 1)");
    tree(
        "struct A:\n    inv: int\n    type: string\n    inv self.inv > 0",
        "struct A {}\n  inv: int\n  type: string\n  inv (> (field inv self) 0)",
    );
    tree("fn f(from: int, view: int): a()", "fn f (from: int, view: int):\n  (call a)");
}

#[test]
fn contracts() {
    tree("req b != 0.0?", "req? (!= b 0.0)");
    tree("ens result?.ok and f()?", "ens? (and (field ok (? result)) (call f))");
    tree("{ req a?; b() }", "(block:\n  req? a\n  (call b))");
}

#[test]
fn line_ends() {
    tree("let a = b +\n    c", "let a = (+ b c)");
    tree("let a = b\n    .c()\n    .d", "let a = (field d (.c b))");
    tree("let a = b \\\n    + c", "let a = (+ b c)");
    tree("a(\n    b,\n    c\n)", "(call a b c)");
    tree("a\n-b", "a\n(neg b)");
    tree("a\n(b)", "a\nb");
    tree("a\n[b]", "a\n(list b)");
    tree("let r = 0..\na", "let r = (.. 0 _)\na");
    tree("return\na", "(return)\na");
    tree("if a: b\nelse: c", "(if a:\n  b else (block:\n  c))");
    tree("if a:\n    if b: c\nelse: d", "(if a:\n  (if b:\n    c) else (block:\n  d))");
    tree("if a: if b: c else: d", "(if a:\n  (if b:\n    c else (block:\n    d)))");
    tree("let x = if a: b else: c\nlet y = d", "let x = (if a:\n  b else (block:\n  c))\nlet y = d");
    tree("let Some(x) = a\nelse:\n    return", "let (Some x) = a else:\n  (return)");
    tree("let x = match a:\n    _ => c\n    .d()", "let x = (match a\n  _ => (.d c))");
}

#[test]
fn blocks_in_brackets() {
    tree("f(fn():\n    a()\n    b()\n)", "(call f (closure fn () (block:\n  (call a)\n  (call b))))");
    tree("f(fn():\n    a())", "(call f (closure fn () (block:\n  (call a))))");
    tree("f(fn(x):\n    a(x)\n, 3).g()", "(.g (call f (closure fn (x) (block:\n  (call a x))) 3))");
    tree("f(|x|:\n    a(x)\n)", "(call f (closure (x) (block:\n  (call a x))))");
    tree(
        "f(|| a(), |x, mut y| y += x)",
        "(call f (closure () (call a)) (closure (x, mut y) (block:\n  (+= y x))))",
    );
    tree(
        "f(match x:\n    1 => 2\n    _ => 3\n, if a: b else: c)",
        "(call f (match x\n  1 => 2\n  _ => 3) (if a:\n  b else (block:\n  c)))",
    );
    tree(
        "x\n    .map(fn(a):\n        a + 1\n    )\n    .sum()",
        "(.sum (.map x (closure fn (a) (block:\n  (+ a 1)))))",
    );
    tree(
        "f([\n    fn(): a,\n    fn():\n        b\n])",
        "(call f (list (closure fn () (block:\n  a)) (closure fn () (block:\n  b))))",
    );
}

#[test]
fn strings() {
    tree(r#""a ${b} c""#, r#"(text "a " b " c")"#);
    tree(r#""${x:>8.2}${y:?}${z:08}${w:*^+#x}""#, "(text (fmt x >8.2) (fmt y ?) (fmt z 08) (fmt w *^+#x))");
    tree(
        r#""${a::b} ${P{x: 1}.x:3} ${f(1)}""#,
        "(text a::b \" \" (fmt (field x (struct P x:1)) 3) \" \" (call f 1))",
    );
    tree(r#""${f("in ${a} ner")}""#, r#"(text (call f (text "in " a " ner")))"#);
    tree(r#""${if a: "x" else: "y"}""#, "(text (if a:\n  \"x\" else (block:\n  \"y\")))");
    tree(r#""\n\t\"\\\$\u{e9}\x41 $ {}""#, r#""\n\t\"\\$éA $ {}""#);
    tree("r\"\\n${x}\"", "\"\\\\n${x}\"");
    tree("r#\"say \"hi\"\"#", "\"say \\\"hi\\\"\"");
    tree("let a = \"\"\"\n    one\n      two\n\n    three\n    \"\"\"", "let a = \"one\\n  two\\n\\nthree\"");
    tree("let a = \"\"\"\n    one ${b}\n    two\"\"\"", "let a = (text \"one \" b \"\\ntwo\")");
    tree("let a = \"\"\"one \"quoted\" two\"\"\"", "let a = \"one \\\"quoted\\\" two\"");
    tree("let a = \"\"\"\n  one \\\n  two\n  \"\"\"", "let a = \"one two\"");
    tree("let a = \"\"\"\n\"\"\"", "let a = \"\"");
    tree("'a' + '\\'' + '\\u{1F600}'", "(+ (+ 'a' '\\'') '😀')");
    tree("b'x' + b'\\n' + b'\\xff'", "(+ (+ b'x' b'\\n') b'ÿ')");
}

#[test]
fn patterns() {
    tree("for own [a, b] in xs: c", "(for (list own a own b) xs:\n  c)");
    tree("for mut x in xs: c", "(for mut x xs:\n  c)");
    tree(
        "match x:\n    own Some(y) => y\n    None | Some(_) => z",
        "(match x\n  (Some own y) => y\n  (| None (Some _)) => z)",
    );
    tree(
        "match x:\n    -5..=-1 => a\n    ..0 => b\n    'a'..'z' => c\n    A::B.. => d",
        "(match x\n  (..= (neg 5) (neg 1)) => a\n  (.. _ 0) => b\n  (.. 'a' 'z') => c\n  (.. A::B _) => d)",
    );
    tree("let Point{x, mut y, z: [a, ..], ..} = p", "let (struct Point x mut y z:(list a ..) ..) = p");
    tree("match x:\n    n @ 1..=9 if n > 3 => a", "(match x\n  n@(..= 1 9) if (> n 3) => a)");
}

#[test]
fn closures_and_types() {
    tree("let f: dyn mut fn(own T, mut U) -> &V = g", "let f: dyn mut fn(own T, mut U) -> &V = g");
    tree("let a: [[u8; 4]] = b", "let a: [[u8; 4]] = b");
    tree("let a: (int,) = b", "let a: (tuple int) = b");
    tree("let a: (int) = b", "let a: int = b");
    tree("let a: A[3, -1, {N + 1}, _] = b", "let a: A[{3}, {(neg 1)}, {(+ N 1)}, _] = b");
    tree("let f = |[a, b]: (int, int), c| a", "let f = (closure ((list a b): (tuple int int), c) a)");
    tree("let f = |x| |y| x + y", "let f = (closure (x) (closure (y) (+ x y)))");
    tree("let f = |x: int| -> int: x", "let f = (closure (x: int) -> int (block:\n  x))");
    tree("let f = async fn() -> int: 1", "let f = (async closure fn () -> int (block:\n  1))");
}

#[test]
fn documentation() {
    tree(
        "## file\n\n## item\nfn f():\n    ## inside\n    a()",
        "## file\n## item\nfn f ():\n  ## inside\n  (call a)",
    );
    tree(
        "struct A:\n    ## about A\n\n    ## x\n    x: int\n    ## y\n    y: int ## trailing\n    z: int",
        "## about A\nstruct A {}\n  ## x\n  x: int\n  ## y\n  y: int\n  z: int",
    );
    tree("## only the file's\n\nlet a = 1", "## only the file's\nlet a = 1");
}
