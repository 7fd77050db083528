//! Random programs about ownership: functions of straight and branching code over strings,
//! lists, views, options, structs that hold views, closures and iterators.
//!
//! Names and types always fit; whether moves and views do is left to chance, so that most lines
//! are near the border of what the checker accepts. [`Batch::repair`] takes out what it refuses.

use crate::values;

/// xorshift64*: the same programs from the same seed everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() >> 33) as usize % n.max(1)
    }

    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        match list.is_empty() {
            true => None,
            false => Some(&list[self.below(list.len())]),
        }
    }
}

/// What every program has beside its generated functions.
pub const PRELUDE: &str = include_str!("prelude.altru");

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    View,
    Exclusive,
    Texts,
    Views,
    MaybeView,
    Pair,
    Holder,
    Note,
    Sink,
    Stack,
    Number,
    Action,
    Iter,
    Exclusives,
    /// A map from views to views.
    Table,
    /// A map from texts to views.
    Index,
}

#[derive(Clone)]
struct Variable {
    name: String,
    kind: Kind,
    mutable: bool,
}

/// A function's lines.
pub struct Function {
    pub lines: Vec<String>,
}

struct Maker<'r> {
    random: &'r mut Random,
    lines: Vec<String>,
    scope: Vec<Variable>,
    depth: usize,
    count: usize,
}

impl Maker<'_> {
    fn line(&mut self, text: String) {
        let indent = "    ".repeat(self.depth);
        self.lines.push(format!("{indent}{text}"));
    }

    fn new_name(&mut self) -> String {
        self.count += 1;
        format!("v{}", self.count)
    }

    fn var(&mut self, kind: Kind) -> Option<Variable> {
        let fitting: Vec<Variable> = self.scope.iter().filter(|v| v.kind == kind).cloned().collect();
        // The newest are the most interesting.
        let from = fitting.len().saturating_sub(4);
        self.random.pick(&fitting[from..]).cloned()
    }

    fn name(&mut self, kind: Kind) -> Option<String> {
        self.var(kind).map(|v| v.name)
    }

    fn changeable(&mut self, kind: Kind) -> Option<String> {
        let fitting: Vec<Variable> =
            self.scope.iter().filter(|v| v.kind == kind && v.mutable).cloned().collect();
        self.random.pick(&fitting).map(|v| v.name.clone())
    }

    fn declare(&mut self, kind: Kind, value: String) {
        let name = self.new_name();
        let mutable = self.random.below(4) != 0;
        let word = if mutable { "mut " } else { "" };
        let ty = match kind {
            Kind::Views => ": [&string]",
            Kind::MaybeView => ": Option[&string]",
            Kind::Exclusives => ": [&mut string]",
            Kind::Table => ": Map[&string, &string]",
            Kind::Index => ": Map[string, &string]",
            _ => "",
        };
        self.line(format!("let {word}{name}{ty} = {value}"));
        self.scope.push(Variable { name, kind, mutable });
    }

    fn literal(&mut self) -> String {
        const WORDS: [&str; 6] = ["ab", "c", "defg", "hello", "x", "yz"];
        let word = WORDS[self.random.below(WORDS.len())];
        format!("\"{word}{}\".clone()", self.random.below(90))
    }

    /// An expression of type `&string`.
    fn view(&mut self) -> Option<String> {
        Some(match self.random.below(12) {
            0..=3 => format!("&{}", self.name(Kind::Text)?),
            4 | 5 => self.name(Kind::View)?,
            6 => {
                let pair = self.name(Kind::Pair)?;
                let field = if self.random.below(2) == 0 { "a" } else { "b" };
                format!("&{pair}.{field}")
            }
            7 => format!("&{}[0]", self.name(Kind::Texts)?),
            8 => {
                let (a, b) = (self.name(Kind::Text)?, self.name(Kind::Text)?);
                let f = if self.random.below(2) == 0 { "longest" } else { "first" };
                format!("{f}({a}, {b})")
            }
            9 => format!("{}.get()", self.name(Kind::Holder)?),
            10 => format!("{}.top().unwrap()", self.name(Kind::Stack)?),
            _ => format!("same({})", self.name(Kind::View)?),
        })
    }

    fn maybe_view(&mut self) -> Option<String> {
        Some(match self.random.below(12) {
            0 => "None".to_string(),
            1 | 2 => format!("Some({})", self.view()?),
            3 => format!("{}.first()", self.name(Kind::Texts)?),
            4 => format!("{}.top()", self.name(Kind::Stack)?),
            5 => format!("{}.pop()", self.changeable(Kind::Views)?),
            6 => format!("{}.next()", self.name(Kind::Iter)?),
            7 => {
                let part = if self.random.below(2) == 0 { "keys" } else { "values" };
                format!("{}.{part}().copied().max()", self.name(Kind::Table)?)
            }
            8 => format!("{}.get({}).copied()", self.name(Kind::Table)?, self.view()?),
            9 => format!("{}.values().copied().min()", self.name(Kind::Index)?),
            10 => format!("{}.keys().min()", self.name(Kind::Index)?),
            _ => {
                let (a, b) = (self.name(Kind::MaybeView)?, self.name(Kind::MaybeView)?);
                format!("pick({a}, {b})")
            }
        })
    }

    fn statement(&mut self) -> Option<()> {
        match self.random.below(50) {
            0 | 1 => {
                let value = self.literal();
                self.declare(Kind::Text, value);
            }
            2..=4 => {
                let value = self.view()?;
                self.declare(Kind::View, value);
            }
            5 => {
                let text = self.changeable(Kind::Text)?;
                self.declare(Kind::Exclusive, format!("&mut {text}"));
            }
            6 => {
                let (a, b) = (self.literal(), self.literal());
                self.declare(Kind::Texts, format!("[{a}, {b}]"));
            }
            7 => self.declare(Kind::Views, "[]".to_string()),
            8 => {
                let value = self.maybe_view()?;
                self.declare(Kind::MaybeView, value);
            }
            9 => {
                let (a, b) = (self.literal(), self.literal());
                self.declare(Kind::Pair, format!("Pair{{a: {a}, b: {b}}}"));
            }
            10 => {
                let view = self.view()?;
                self.declare(Kind::Holder, format!("Holder{{name: {view}, count: 1}}"));
            }
            11 => {
                let view = self.view()?;
                self.declare(Kind::Note, format!("Note{{text: {view}}}"));
            }
            12 => {
                let (out, view) = (self.changeable(Kind::Views)?, self.view()?);
                self.declare(Kind::Sink, format!("Sink{{out: &mut {out}, next: {view}}}"));
            }
            13 => {
                let (a, b) = (self.literal(), self.literal());
                self.declare(Kind::Stack, format!("Stack{{items: [{a}, {b}]}}"));
            }
            14 => {
                let texts = self.name(Kind::Texts)?;
                self.declare(Kind::Iter, format!("{texts}.iter()"));
            }
            15 => {
                let action = self.action()?;
                self.declare(Kind::Action, action);
            }
            16..=18 => {
                let (all, view) = (self.changeable(Kind::Views)?, self.view()?);
                match self.random.below(2) {
                    0 => self.line(format!("{all}.push({view})")),
                    _ => self.line(format!("keep(mut {all}, {view})")),
                }
            }
            19 => {
                let (name, view) = (self.changeable(Kind::View)?, self.view()?);
                self.line(format!("{name} = {view}"));
            }
            20 => {
                let (name, value) = (self.changeable(Kind::MaybeView)?, self.maybe_view()?);
                self.line(format!("{name} = {value}"));
            }
            21 => {
                let (name, value) = (self.changeable(Kind::Text)?, self.literal());
                self.line(format!("{name} = {value}"));
            }
            22 => {
                let name = self.changeable(Kind::Text)?;
                self.line(format!("{name}.push_str(\"!\")"));
            }
            23 => {
                let name = self.name(Kind::Exclusive)?;
                match self.random.below(3) {
                    0 => self.line(format!("{name}.push_str(\"?\")")),
                    1 => {
                        let value = self.literal();
                        self.line(format!("*{name} = {value}"));
                    }
                    _ => self.declare(Kind::Exclusive, format!("&mut *{name}")),
                }
            }
            24 => {
                let name = self.changeable(Kind::Texts)?;
                match self.random.below(4) {
                    0 => {
                        let value = self.literal();
                        self.line(format!("{name}.push({value})"));
                    }
                    1 => {
                        let text = self.name(Kind::Text)?;
                        self.line(format!("{name}.push({text})"));
                    }
                    2 => {
                        let value = self.literal();
                        self.line(format!("{name}[0] = {value}"));
                    }
                    _ => self.line(format!("{name}.truncate(1)")),
                }
            }
            25 => {
                let (holder, view) = (self.name(Kind::Holder)?, self.view()?);
                self.line(format!("{holder}.set({view})"));
            }
            26 => {
                let sink = self.name(Kind::Sink)?;
                match self.random.below(2) {
                    0 => self.line(format!("{sink}.flush()")),
                    _ => {
                        let view = self.view()?;
                        self.line(format!("{sink}.add({view})"));
                    }
                }
            }
            27 => {
                let (a, b) = (self.changeable(Kind::View)?, self.changeable(Kind::View)?);
                self.line(format!("mem::swap(mut {a}, mut {b})"));
            }
            28 => {
                let (a, b) = (self.changeable(Kind::Text)?, self.name(Kind::Text)?);
                self.line(format!("both(mut {a}, {b})"));
            }
            29 => {
                let text = self.name(Kind::Text)?;
                match self.random.below(3) {
                    0 => self.declare(Kind::Text, text),
                    1 => self.declare(Kind::Number, format!("take({text})")),
                    _ => self.line(format!("mem::drop({text})")),
                }
            }
            30 => {
                let pair = self.changeable(Kind::Pair)?;
                let field = if self.random.below(2) == 0 { "a" } else { "b" };
                match self.random.below(3) {
                    0 => self.declare(Kind::Text, format!("{pair}.{field}")),
                    1 => {
                        let value = self.literal();
                        self.line(format!("{pair}.{field} = {value}"));
                    }
                    _ => self.line(format!("change(mut {pair}.{field})")),
                }
            }
            31 => {
                let action = self.name(Kind::Action)?;
                self.line(format!("{action}()"));
            }
            32 => {
                let stack = self.changeable(Kind::Stack)?;
                match self.random.below(2) {
                    0 => {
                        let value = self.literal();
                        self.line(format!("{stack}.put({value})"));
                    }
                    _ => self.declare(Kind::Exclusive, format!("{stack}.top_mut().unwrap()")),
                }
            }
            33 => {
                let action = self.action()?;
                self.line(format!("run({action})"));
            }
            34 => {
                let (texts, all) = (self.name(Kind::Texts)?, self.changeable(Kind::Views)?);
                match self.random.below(3) {
                    0 => self.line(format!("{texts}.iter().for_each(|w| {all}.push(w))")),
                    1 => {
                        let view = self.view()?;
                        self.line(format!("{texts}.iter().for_each(|_| {all}.push({view}))"));
                    }
                    _ => self.line(format!("for w in {texts}.iter().skip(1): {all}.push(w)")),
                }
            }
            35 => {
                let (texts, text) = (self.name(Kind::Texts)?, self.changeable(Kind::Text)?);
                self.line(format!("each({texts}, |w| {text}.push_str(w))"));
            }
            36 => self.declare(Kind::Exclusives, "[]".to_string()),
            37 => {
                let (all, text) = (self.changeable(Kind::Exclusives)?, self.changeable(Kind::Text)?);
                self.line(format!("{all}.push(&mut {text})"));
            }
            38 => {
                let all = self.name(Kind::Exclusives)?;
                self.line(format!("for mut w in {all}: w.push_str(\"#\")"));
            }
            39 => self.show()?,
            46 => {
                let kind = if self.random.below(2) == 0 { Kind::Table } else { Kind::Index };
                self.declare(kind, "Map::new()".to_string());
            }
            47 | 48 => {
                let (table, key, value) = (self.changeable(Kind::Table)?, self.view()?, self.view()?);
                self.line(format!("{table}.insert({key}, {value})"));
            }
            49 => {
                let (index, key, value) = (self.changeable(Kind::Index)?, self.literal(), self.view()?);
                self.line(format!("{index}.insert({key}, {value})"));
            }
            _ => return self.block(),
        }
        Some(())
    }

    /// A closure without arguments.
    fn action(&mut self) -> Option<String> {
        Some(match self.random.below(5) {
            0 => format!("|| {}.push_str(\"c\")", self.changeable(Kind::Text)?),
            1 => {
                let (all, view) = (self.changeable(Kind::Views)?, self.view()?);
                format!("|| {all}.push({view})")
            }
            2 => {
                let (name, view) = (self.changeable(Kind::View)?, self.view()?);
                format!("|| {name} = {view}")
            }
            3 => format!("|| println(\"${{{}}}\")", self.name(Kind::View)?),
            _ => format!("|| println(\"${{{}}}\")", self.name(Kind::Text)?),
        })
    }

    fn show(&mut self) -> Option<()> {
        let at = self.random.below(self.scope.len().max(1));
        let variable = self.scope.get(at)?.clone();
        self.show_one(&variable);
        Some(())
    }

    fn show_one(&mut self, variable: &Variable) {
        let name = &variable.name;
        match variable.kind {
            Kind::Text | Kind::View | Kind::Exclusive | Kind::Number => {
                self.line(format!("println(\"{name} ${{{name}}}\")"));
            }
            Kind::Texts | Kind::Views => {
                self.line(format!("println(\"{name} ${{{name}.len()}}\")"));
                self.line(format!("for w in {name}: println(w)"));
            }
            Kind::MaybeView => {
                self.line(format!("if let Some(w) = {name}: println(\"{name} ${{w}}\")"));
            }
            Kind::Pair => self.line(format!("println(\"${{{name}.a}} ${{{name}.b}}\")")),
            Kind::Holder => self.line(format!("println(\"${{{name}.name}} ${{{name}.count}}\")")),
            Kind::Note => self.line(format!("println({name}.text)")),
            Kind::Sink => self.line(format!("println({name}.next)")),
            Kind::Stack => self.line(format!("println(\"${{{name}.items.len()}}\")")),
            Kind::Action => self.line(format!("{name}()")),
            Kind::Iter => {
                self.line(format!("if let Some(w) = {name}.next(): println(\"{name} ${{w}}\")"));
            }
            Kind::Exclusives => self.line(format!("for w in {name}: println(w)")),
            // Its order differs from run to run.
            Kind::Table | Kind::Index => self.line(format!("println(\"${{{name}.len()}}\")")),
        }
    }

    /// A statement with statements in it.
    fn block(&mut self) -> Option<()> {
        if self.depth > 3 {
            return None;
        }
        let before = self.scope.len();
        let head = match self.random.below(8) {
            0 | 1 => "if n > 2:".to_string(),
            2 => "if n < 2:".to_string(),
            3 => {
                let i = self.new_name();
                format!("for {i} in 0..2:")
            }
            4 => {
                let texts = self.name(Kind::Texts)?;
                let w = self.new_name();
                self.scope.push(Variable { name: w.clone(), kind: Kind::View, mutable: false });
                format!("for {w} in {texts}:")
            }
            5 => {
                let texts = self.changeable(Kind::Texts)?;
                let w = self.new_name();
                self.scope.push(Variable { name: w.clone(), kind: Kind::Exclusive, mutable: false });
                format!("for mut {w} in {texts}:")
            }
            6 => {
                let value = self.maybe_view()?;
                let w = self.new_name();
                self.scope.push(Variable { name: w.clone(), kind: Kind::View, mutable: false });
                format!("if let Some({w}) = {value}:")
            }
            _ => {
                let all = self.name(Kind::Views)?;
                let w = self.new_name();
                self.scope.push(Variable { name: w.clone(), kind: Kind::View, mutable: false });
                format!("for {w} in {all}:")
            }
        };
        self.line(head);
        self.depth += 1;
        let count = 1 + self.random.below(4);
        self.statements(count);
        if self.random.below(8) == 0 {
            self.line("return n".to_string());
        }
        self.line("n += 1".to_string());
        self.depth -= 1;
        self.scope.truncate(before);
        Some(())
    }

    fn statements(&mut self, count: usize) {
        let mut made = 0;
        let mut tries = 0;
        while made < count && tries < 40 * count {
            tries += 1;
            let (lines, scope) = (self.lines.len(), self.scope.len());
            match self.statement() {
                Some(()) => made += 1,
                None => {
                    self.lines.truncate(lines);
                    self.scope.truncate(scope);
                }
            }
        }
    }
}

pub fn function(random: &mut Random, name: &str, size: usize) -> Function {
    let mut maker = Maker { random, lines: Vec::new(), scope: Vec::new(), depth: 0, count: 0 };
    maker.line(format!("fn {name}() -> int:"));
    maker.depth = 1;
    maker.line("let mut n = 1".to_string());
    for _ in 0..2 {
        let value = maker.literal();
        maker.declare(Kind::Text, value);
    }
    let (a, b) = (maker.literal(), maker.literal());
    maker.declare(Kind::Texts, format!("[{a}, {b}]"));
    maker.declare(Kind::Views, "[]".to_string());
    maker.statements(size);
    let mut scope = maker.scope.clone();
    while scope.len() > 6 {
        let at = maker.random.below(scope.len());
        scope.remove(at);
    }
    for variable in &scope {
        maker.show_one(variable);
    }
    maker.line("return n".to_string());
    Function { lines: maker.lines }
}

/// Functions that are checked and run together.
pub struct Batch {
    pub functions: Vec<Function>,
}

impl Batch {
    /// Every third function is about values, the others are about ownership.
    pub fn new(seed: u64, functions: usize, size: usize) -> Batch {
        let mut random = Random::new(seed);
        let functions = (0..functions)
            .map(|i| match i % 3 {
                0 => values::function(&mut random, &format!("case{i}"), size),
                _ => function(&mut random, &format!("case{i}"), size),
            })
            .collect();
        Batch { functions }
    }

    pub fn text(&self) -> String {
        let mut text = [PRELUDE, values::PRELUDE, "\n"].concat();
        for function in &self.functions {
            for line in &function.lines {
                text.push_str(line);
                text.push('\n');
            }
            text.push('\n');
        }
        text.push_str("fn main():\n");
        for function in &self.functions {
            let name = function.lines[0].trim_start_matches("fn ");
            let name = name.split('(').next().unwrap_or("");
            text.push_str(&format!("    run_case(\"{name}\", || {name}())\n"));
        }
        text
    }

    /// Takes out the lines (from 1) at which the checks refused the program; in the last round
    /// the functions around them.
    pub fn repair(&mut self, lines: &[usize], last: bool) {
        let mut at = PRELUDE.lines().count() + values::PRELUDE.lines().count() + 2;
        let mut kept = Vec::new();
        for mut function in std::mem::take(&mut self.functions) {
            let end = at + function.lines.len();
            let inside: Vec<usize> =
                lines.iter().copied().filter(|l| (at..end).contains(l)).map(|l| l - at).collect();
            for &line in &inside {
                let text = &mut function.lines[line];
                let indent = text.len() - text.trim_start().len();
                // A block's head goes with its block, which stays as plain statements.
                let pass = match text.ends_with(':') {
                    true => "if true:",
                    false => "pass",
                };
                *text = format!("{}{pass}", &text[..indent]);
            }
            at = end + 1;
            if (!last || inside.is_empty()) && !inside.contains(&0) {
                kept.push(function);
            }
        }
        self.functions = kept;
    }
}
