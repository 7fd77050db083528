//! Random programs about values: whole numbers of all widths with their overflows, shifts and
//! conversions, floats and their formatting, nested enums, loops that give values, slices,
//! closures that change what is around them, destructors and `defer` under panics.
//!
//! Every line is right as it stands; what is left to chance is where a function panics. They show
//! their state often, so that two ways to run them can be compared.

use crate::program::{Function, Random};

/// Types, traits and functions that the generated functions use.
pub const PRELUDE: &str = r#"
[derive(Clone, Debug, Eq)]
enum Leaf:
    Empty
    Number(int)
    Word(string)

[derive(Clone, Debug, Eq)]
enum Tree:
    One(Leaf)
    Two(Leaf, Option[int])
    Named{leaf: Leaf, weight: u8}
    Deep(Box[Tree])

fn weigh(t: Tree) -> int:
    return match t:
        Tree::One(Leaf::Empty) => 0
        Tree::One(Leaf::Number(n)) if n < 0 => -1
        Tree::One(Leaf::Number(n)) => n % 1000
        Tree::One(Leaf::Word(w)) => w.len()
        Tree::Two(Leaf::Number(n), Some(m)) => n % 100 + m % 100
        Tree::Two(_, Some(m @ 0..=9)) => m * 10
        Tree::Two(_, _) => 2
        Tree::Named{leaf: Leaf::Word(w), weight} => w.len() * (weight as int)
        Tree::Named{weight: 0, ..} => 3
        Tree::Named{weight, ..} => weight as int
        Tree::Deep(inner) => weigh(inner) + 1

struct Guard:
    name: string

impl Drop for Guard:
    fn drop(mut self):
        println("end ${self.name}")

fn half(n: int) -> Option[int]:
    return if n % 2 == 0: Some(n / 2) else: None

fn quarter(n: int) -> Option[int]:
    return half(half(n)?)

fn digit(n: int) -> Result[int, string]:
    return if n >= 0 and n < 10: Ok(n) else: Err("no digit: ${n}")

fn digits(a: int, b: int) -> Result[int, string]:
    return Ok(digit(a)? * 10 + digit(b)?)

fn twice(f: mut fn(int) -> int, n: int) -> int:
    return f(n) - f(n)

fn sum_of[I: view + Iterator[Item = int]](numbers: own I) -> int:
    let mut sum = 0
    for n in numbers:
        sum = sum.wrapping_add(n)
    return sum
"#;

const INTS: [(&str, i128, i128); 9] = [
    ("i8", -128, 127),
    ("u8", 0, 255),
    ("i16", -32768, 32767),
    ("u16", 0, 65535),
    ("i32", -2147483648, 2147483647),
    ("u32", 0, 4294967295),
    ("int", i64::MIN as i128, i64::MAX as i128),
    ("u64", 0, u64::MAX as i128),
    ("usize", 0, u64::MAX as i128),
];

struct Maker<'r> {
    random: &'r mut Random,
    lines: Vec<String>,
    depth: usize,
    count: usize,
    /// Changeable variables: name and the index of their type in [`INTS`].
    ints: Vec<(String, usize)>,
    floats: Vec<String>,
    lists: Vec<String>,
    trees: Vec<String>,
    texts: Vec<String>,
}

impl Maker<'_> {
    fn line(&mut self, text: String) {
        self.lines.push(format!("{}{text}", "    ".repeat(self.depth)));
    }

    fn name(&mut self) -> String {
        self.count += 1;
        format!("v{}", self.count)
    }

    fn below(&mut self, n: usize) -> usize {
        self.random.below(n)
    }

    fn literal(&mut self, ty: usize) -> String {
        let (name, low, high) = INTS[ty];
        let value = match self.below(12) {
            0 => low,
            1 => high,
            2 => high - self.below(9) as i128,
            3 => low + self.below(9) as i128,
            _ => self.below(100) as i128,
        };
        // The least `int` has no literal of its own.
        let value = if value == i64::MIN as i128 { value + 1 } else { value };
        match (name, value < 0) {
            ("int", true) => format!("({value})"),
            ("int", false) => format!("{value}"),
            (_, true) => format!("({value}{name})"),
            _ => format!("{value}{name}"),
        }
    }

    /// An expression of the type.
    fn int(&mut self, ty: usize, depth: usize) -> String {
        let same: Vec<String> = self.ints.iter().filter(|v| v.1 == ty).map(|v| v.0.clone()).collect();
        if depth == 0 {
            return match self.random.pick(&same) {
                Some(name) => name.clone(),
                None => self.literal(ty),
            };
        }
        let deeper = depth - 1;
        match self.below(20) {
            0..=2 => self.literal(ty),
            3..=5 => match self.random.pick(&same) {
                Some(name) => name.clone(),
                None => self.literal(ty),
            },
            6..=9 => {
                let op = ["+", "-", "*", "/", "%"][self.below(5)];
                format!("({} {op} {})", self.int(ty, deeper), self.int(ty, deeper))
            }
            10 => {
                let op = ["&", "|", "^"][self.below(3)];
                format!("({} {op} {})", self.int(ty, deeper), self.int(ty, deeper))
            }
            11 => {
                let op = ["<<", ">>"][self.below(2)];
                let by = self.below(9);
                let by = if self.below(12) == 0 { by + 60 } else { by };
                format!("({} {op} {by})", self.int(ty, deeper))
            }
            12 | 13 => {
                let from = self.below(INTS.len());
                format!("({} as {})", self.int(from, deeper), INTS[ty].0)
            }
            14 => match self.random.pick(&self.floats) {
                Some(name) => format!("({name} as {})", INTS[ty].0),
                None => self.literal(ty),
            },
            15 => {
                let method = [
                    "wrapping_add",
                    "wrapping_sub",
                    "wrapping_mul",
                    "saturating_add",
                    "saturating_sub",
                    "min",
                    "max",
                ][self.below(7)];
                format!("{}.{method}({})", self.int(ty, 0), self.int(ty, deeper))
            }
            16 => format!(
                "(if {}: {} else: {})",
                self.condition(deeper),
                self.int(ty, deeper),
                self.int(ty, deeper)
            ),
            17 => {
                let (a, b) = (self.int(ty, 0), self.int(ty, deeper));
                format!("{a}.checked_mul({b}).unwrap_or({})", self.literal(ty))
            }
            18 if INTS[ty].0 == "int" => self.of_lists(),
            _ => format!("(~{})", self.int(ty, deeper)),
        }
    }

    /// Something of type `int` out of lists, trees, texts and options.
    fn of_lists(&mut self) -> String {
        let small = self.below(6);
        let list = self.random.pick(&self.lists).cloned();
        let tree = self.random.pick(&self.trees).cloned();
        let text = self.random.pick(&self.texts).cloned();
        match (self.below(9), list, tree, text) {
            (0, Some(list), ..) => format!("{list}[{small}]"),
            (1, Some(list), ..) => format!("{list}[{}..].len()", small),
            (2, Some(list), ..) => format!("sum_of({list}.iter().copied())"),
            (3, Some(list), ..) => format!("sum_of({list}.windows(2).map(|w| w[0] ^ w[1]))"),
            (4, _, Some(tree), _) => format!("weigh({tree})"),
            (5, _, _, Some(text)) => format!("{text}.len()"),
            (6, ..) => format!("quarter({}).unwrap_or({small})", self.int(6, 0)),
            (7, Some(list), ..) => format!("{list}.iter().position(|x| *x > {small}).unwrap_or(-1)"),
            _ => format!("digits({}, {small}).unwrap_or(99)", self.int(6, 0)),
        }
    }

    fn condition(&mut self, depth: usize) -> String {
        let ty = self.below(INTS.len());
        let op = ["<", "<=", ">", ">=", "==", "!="][self.below(6)];
        let compare = format!("{} {op} {}", self.int(ty, depth.min(1)), self.int(ty, 0));
        match self.below(5) {
            0 => format!("not ({compare})"),
            1 => {
                let other = self.int(ty, 0);
                format!("({compare} and {other} != 0)")
            }
            _ => compare,
        }
    }

    fn float(&mut self, depth: usize) -> String {
        if depth == 0 || self.below(4) == 0 {
            return match self.random.pick(&self.floats) {
                Some(name) => name.clone(),
                None => format!("{}.{}", self.below(50), self.below(100)),
            };
        }
        match self.below(6) {
            0 => format!("({} as float)", self.int(6, depth - 1)),
            1 => format!("{}.sqrt()", self.float(0)),
            2 => format!("({}).abs()", self.float(depth - 1)),
            _ => {
                let op = ["+", "-", "*", "/"][self.below(4)];
                format!("({} {op} {})", self.float(depth - 1), self.float(depth - 1))
            }
        }
    }

    fn leaf(&mut self) -> String {
        match self.below(4) {
            0 => "Leaf::Empty".into(),
            1 => format!("Leaf::Word(\"{}\")", "w".repeat(self.below(5))),
            _ => format!("Leaf::Number({})", self.int(6, 1)),
        }
    }

    fn tree(&mut self, depth: usize) -> String {
        match self.below(if depth == 0 { 4 } else { 6 }) {
            0 => format!("Tree::One({})", self.leaf()),
            1 => format!("Tree::Two({}, None)", self.leaf()),
            2 => format!("Tree::Two({}, Some({}))", self.leaf(), self.int(6, 1)),
            3 => format!("Tree::Named{{leaf: {}, weight: {}}}", self.leaf(), self.int(1, 1)),
            _ => format!("Tree::Deep(Box::new({}))", self.tree(depth - 1)),
        }
    }

    fn statement(&mut self) {
        match self.below(26) {
            0..=3 => {
                let ty = self.below(INTS.len());
                let (name, value) = (self.name(), self.int(ty, 2));
                self.line(format!("let mut {name}: {} = {value}", INTS[ty].0));
                self.ints.push((name, ty));
            }
            4..=6 => {
                let Some((name, ty)) = self.random.pick(&self.ints).cloned() else { return };
                let op = ["=", "+=", "-=", "*=", "^=", "|=", "&=", "/=", "%="][self.below(9)];
                let value = self.int(ty, 2);
                self.line(format!("{name} {op} {value}"));
            }
            7 => {
                let (name, value) = (self.name(), self.float(2));
                self.line(format!("let mut {name} = {value}"));
                self.line(format!("println(\"${{{name}}} ${{{name}:.3}} ${{{name}:e}} ${{{name}:>12.1}}\")"));
                self.floats.push(name);
            }
            8 => {
                let Some(name) = self.random.pick(&self.floats).cloned() else { return };
                let value = self.float(2);
                self.line(format!("{name} = {value}"));
                self.line(format!("println(\"${{{name} as f32}} ${{{name}:?}}\")"));
            }
            9 => {
                let name = self.name();
                let values: Vec<String> = (0..1 + self.below(6)).map(|_| self.int(6, 1)).collect();
                self.line(format!("let mut {name}: [int] = [{}]", values.join(", ")));
                self.lists.push(name);
            }
            10 => {
                let Some(name) = self.random.pick(&self.lists).cloned() else { return };
                let (index, value) = (self.below(6), self.int(6, 1));
                match self.below(5) {
                    0 => self.line(format!("{name}[{index}] = {value}")),
                    1 => self.line(format!("{name}.push({value})")),
                    2 => self.line(format!("{name}.sort()")),
                    3 => self.line(format!("{name} = {name}[..{index}].to_list()")),
                    _ => self.line(format!("{name}.retain(|x| x % 2 == {})", index % 2)),
                }
            }
            11 => {
                let (name, value) = (self.name(), self.tree(2));
                self.line(format!("let mut {name} = {value}"));
                self.trees.push(name);
            }
            12 => {
                let Some(name) = self.random.pick(&self.trees).cloned() else { return };
                match self.below(3) {
                    0 => {
                        let value = self.tree(1);
                        self.line(format!("{name} = {value}"));
                    }
                    1 => self.line(format!(
                        "if let Tree::Named{{leaf: Leaf::Number(mut n), ..}} = {name}: *n += 1"
                    )),
                    _ => self.line(format!("{name} = Tree::Deep(Box::new({name}.clone()))")),
                }
            }
            13 => {
                let name = self.name();
                let length = self.below(9);
                self.line(format!("let mut {name} = \"{}\"", &"abcdefghi"[..length]));
                self.texts.push(name);
            }
            14 => {
                let Some(name) = self.random.pick(&self.texts).cloned() else { return };
                let (a, b) = (self.below(5), self.below(8));
                match self.below(4) {
                    0 => self.line(format!("{name} = {name}[{a}..{b}].clone()")),
                    1 => self.line(format!(
                        "{name}.push_str(\"${{{}}}\")",
                        self.ints.first().map_or("0", |v| &v.0)
                    )),
                    2 => self.line(format!("{name} = {name}.reversed() + \"x\"")),
                    _ => self.line(format!("{name}.truncate({a})")),
                }
            }
            15 => {
                let name = self.name();
                self.line(format!("let {name} = Guard{{name: \"{name}\"}}"));
                if self.below(3) == 0 {
                    self.line(format!("let {name}b = {name}"));
                } else if self.below(3) == 0 {
                    let condition = self.condition(1);
                    self.line(format!("if {condition}: drop({name})"));
                }
            }
            16 => {
                let text = self.name();
                self.line(format!("defer: println(\"later {text}\")"));
            }
            17 => {
                let (name, counter) = (self.name(), self.name());
                let (value, limit, other) = (self.int(6, 1), 1 + self.below(20), self.int(6, 1));
                let condition = self.condition(1);
                self.line(format!("let mut {counter} = 0"));
                self.line(format!("let mut {name} = loop:"));
                self.line(format!("    {counter} += 1"));
                self.line(format!("    if {counter} > {limit}: break {value}"));
                self.line(format!("    if {counter} % 3 == 0 and {condition}: break {other}"));
                self.ints.push((name, 6));
            }
            18 => {
                let (name, rounds, step) = (self.name(), 2 + self.below(6), 1 + self.below(3));
                let change = self.int(6, 1);
                self.line(format!("let mut {name} = 0"));
                self.line(format!("'{name}: for a in 0..{rounds}:"));
                self.line(format!("    for b in (0..9).step_by({step}):"));
                self.line(format!("        if a * b > 12: continue '{name}"));
                self.line(format!("        if a + b > 11: break '{name}"));
                self.line(format!("        {name} += a ^ b ^ {change} % 5"));
                self.ints.push((name, 6));
            }
            19 => {
                let Some((target, 6)) = self.random.pick(&self.ints).cloned() else { return };
                let (name, by) = (self.name(), self.int(6, 0));
                self.line(format!("let mut {name} = 0"));
                self.line(format!("{name} = twice(|n|:"));
                self.line(format!("    {target} = {target}.wrapping_mul(3) + n"));
                self.line(format!("    {target} % 100"));
                self.line(format!(", {by})"));
                self.ints.push((name, 6));
            }
            20 => {
                let Some((target, ty)) = self.random.pick(&self.ints).cloned() else { return };
                let (low, value) = (self.below(50), self.int(ty, 1));
                self.line(format!("{target} = match {value}:"));
                let few = self.literal(ty);
                self.line(format!("    0 | 1 => {few}"));
                self.line(format!("    n @ 2..={} => n", low + 2));
                self.line(format!("    n if n > {} => n / 2", low + 20));
                self.line("    n => n".into());
            }
            21 | 22 if self.depth < 3 => {
                let before = (
                    self.ints.len(),
                    self.floats.len(),
                    self.lists.len(),
                    self.trees.len(),
                    self.texts.len(),
                );
                let head = match self.below(3) {
                    0 => format!("for _ in 0..{}:", 1 + self.below(3)),
                    _ => format!("if {}:", self.condition(1)),
                };
                self.line(head);
                self.depth += 1;
                for _ in 0..1 + self.below(4) {
                    self.statement();
                }
                self.line("pass".into());
                self.depth -= 1;
                self.ints.truncate(before.0);
                self.floats.truncate(before.1);
                self.lists.truncate(before.2);
                self.trees.truncate(before.3);
                self.texts.truncate(before.4);
            }
            _ => self.show(),
        }
    }

    fn show(&mut self) {
        if let Some((name, _)) = self.random.pick(&self.ints).cloned() {
            self.line(format!("println(\"{name} ${{{name}}} ${{{name}:x}} ${{{name}:+05}}\")"));
        }
        if let Some(name) = self.random.pick(&self.trees).cloned() {
            self.line(format!("println(\"${{{name}:?}} ${{weigh({name})}}\")"));
        }
        if let Some(name) = self.random.pick(&self.lists).cloned() {
            self.line(format!("println(\"${{{name}}} ${{{name}.iter().max():?}}\")"));
        }
        if let Some(name) = self.random.pick(&self.texts).cloned() {
            self.line(format!("println(\"${{{name}:?}} ${{{name}:*^7.4}}\")"));
        }
    }
}

pub fn function(random: &mut Random, name: &str, size: usize) -> Function {
    let mut maker = Maker {
        random,
        lines: Vec::new(),
        depth: 0,
        count: 0,
        ints: Vec::new(),
        floats: Vec::new(),
        lists: Vec::new(),
        trees: Vec::new(),
        texts: Vec::new(),
    };
    maker.line(format!("fn {name}() -> int:"));
    maker.depth = 1;
    for ty in [6, 1, 4] {
        let (name, value) = (maker.name(), maker.literal(ty));
        maker.line(format!("let mut {name}: {} = {value}", INTS[ty].0));
        maker.ints.push((name, ty));
    }
    for _ in 0..size {
        maker.statement();
    }
    maker.show();
    let result = maker.int(6, 2);
    maker.line(format!("return {result}"));
    Function { lines: maker.lines }
}
