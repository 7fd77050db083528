"""The programs of `package` in Go and Rust: the same kinds of code, drawn in the same order, in each one's usual way.

Go's is one package, so its names carry the module's number; Rust's is one crate with a module for each of ours."""
from words import FIELDS, NOUNS, VERBS

def go_name(noun, k, m):
    return f"{noun}{k}x{m}"

# ---- Rust

def rust_record(r, k, m):
    noun = r.choice(NOUNS).capitalize() + str(k)
    fields = r.sample(FIELDS, r.randint(3, 6))
    out = ["#[derive(Clone, Debug, PartialEq, Eq, Default)]", f"pub struct {noun} {{", "    pub name: String,"]
    out += [f"    pub {f}: i64," for f in fields] + ["    pub tags: Vec<String>,", "}", "", f"impl {noun} {{"]
    values = ", ".join(fields[0] if i == 0 else f"{f}: {r.randint(0, 99)}" for i, f in enumerate(fields))
    out += [f"    pub fn new(name: String, {fields[0]}: i64) -> {noun} {{", f"        {noun} {{ name, {values}, tags: Vec::new() }}", "    }", ""]
    for f in fields[1:]:
        out += [f"    /// Raises `{f}`, within the limit.", f"    pub fn raise_{f}(&mut self, by: i64) -> i64 {{", f"        let before = self.{f};",
                f"        self.{f} = (self.{f} + by).min({r.randint(100, 9000)});", f"        if self.{f} == before {{",
                f"            self.tags.push(\"{f} is at its limit\".to_string());", "        }", f"        self.{f} - before", "    }", ""]
    out += ["    pub fn weight_of_all(&self) -> i64 {", f"        {' + '.join('self.' + f for f in fields)}", "    }", "",
            "    pub fn longest_tag(&self) -> Option<&String> {", "        let mut best: Option<&String> = None;", "        for tag in &self.tags {", "            match best {",
            "                Some(b) if b.len() >= tag.len() => {}", "                _ => best = Some(tag),", "            }", "        }", "        best", "    }", "}", ""]
    return out

def rust_kinds(r, k, m):
    noun = r.choice(NOUNS).capitalize() + "Kind" + str(k)
    n = r.randint(4, 8)
    names = [v.capitalize() for v in r.sample(VERBS, n)]
    shapes = [r.choice(["", "(i64)", "(String, i64)", "{ at: i64, text: String }"]) for _ in names]
    out = ["#[derive(Clone, Debug, PartialEq, Eq)]", f"pub enum {noun} {{"] + [f"    {a}{' ' if s[:1] == '{' else ''}{s}," for a, s in zip(names, shapes)] + ["}", ""]
    arms = {"": "", "(i64)": "(n)", "(String, i64)": "(text, n)", "{ at: i64, text: String }": " { at, text }"}
    values = {"": "0", "(i64)": "n * 3", "(String, i64)": "text.len() as i64 + n", "{ at: i64, text: String }": "at - text.len() as i64"}
    shown = {"": "", "(i64)": " {n}", "(String, i64)": " {text} {n:>4}", "{ at: i64, text: String }": " {text} at {at}"}
    out += [f"impl {noun} {{", "    pub fn cost(&self) -> i64 {", "        match self {"]
    out += [f"            {noun}::{a}{arms[s]} => {values[s]}," for a, s in zip(names, shapes)] + ["        }", "    }", ""]
    out += ["    pub fn describe(&self) -> String {", "        match self {"]
    out += [f"            {noun}::{a}{arms[s]} => format!(\"{a.lower()}{shown[s]}\")," for a, s in zip(names, shapes)] + ["        }", "    }", "}", ""]
    makes = {"": "", "(i64)": "(7)", "(String, i64)": '("x".to_string(), 1)', "{ at: i64, text: String }": ' { at: 4, text: "t".to_string() }'}
    out += [f"fn sum_of_kinds{k}(all: &[{noun}]) -> i64 {{", "    let mut sum = 0;", "    for (i, each) in all.iter().enumerate() {", "        if i % 2 == 0 && each.cost() > 0 {",
            "            sum += each.cost();", "        } else {", "            sum -= i as i64;", "        }", "    }", "    sum", "}", "",
            f"pub fn some_kinds{k}() -> Vec<{noun}> {{", f"    vec![{', '.join(f'{noun}::{a}{makes[s]}' for a, s in zip(names, shapes))}]", "}", "",
            f"pub fn kinds_total{k}() -> i64 {{", f"    sum_of_kinds{k}(&some_kinds{k}())", "}", ""]
    return out

def rust_shapes(r, k, m):
    n = r.randint(2, 4)
    out = [f"pub trait Measure{k} {{", "    fn amount(&self) -> f64;", "    fn label(&self) -> String;", "",
           "    fn line(&self) -> String {", '        format!("{}: {:.2}", self.label(), self.amount())', "    }", "}", ""]
    for i in range(n):
        fs = r.sample(["width", "height", "depth", "radius", "angle"], r.randint(1, 3))
        out += [f"pub struct Shape{k}_{i} {{"] + [f"    pub {f}: f64," for f in fs] + ["}", "", f"impl Measure{k} for Shape{k}_{i} {{", "    fn amount(&self) -> f64 {",
                f"        {' * '.join('self.' + f for f in fs)} + {r.randint(1, 9)}.5", "    }", "", "    fn label(&self) -> String {", f"        \"shape {i} of {k}\".to_string()", "    }", "}", ""]
    out += [f"fn largest{k}<T: Measure{k}>(all: &[T], least: f64) -> Option<&T> {{", "    let mut best: Option<&T> = None;", "    let mut size = least;", "    for each in all {",
            "        if each.amount() > size {", "            size = each.amount();", "            best = Some(each);", "        }", "    }", "    best", "}", "",
            f"pub fn report{k}() -> String {{", "    let mut lines: Vec<String> = Vec::new();", f"    let things: Vec<Box<dyn Measure{k}>> = Vec::new();", "    for thing in &things {",
            "        lines.push(thing.line());", "    }", '    lines.join("\\n")', "}", ""]
    return out

def rust_tree(r, k, m):
    return f"""pub struct Tree{k}<T> {{
    value: T,
    left: Option<Box<Tree{k}<T>>>,
    right: Option<Box<Tree{k}<T>>>,
}}

impl<T: Ord + Clone> Tree{k}<T> {{
    pub fn leaf(value: T) -> Tree{k}<T> {{
        Tree{k} {{ value, left: None, right: None }}
    }}

    pub fn insert(&mut self, value: T) {{
        let side = if value < self.value {{ &mut self.left }} else {{ &mut self.right }};
        match side {{
            Some(child) => child.insert(value),
            None => *side = Some(Box::new(Tree{k}::leaf(value))),
        }}
    }}

    pub fn depth(&self) -> i64 {{
        let mut deepest = 0;
        if let Some(left) = &self.left {{
            deepest = left.depth();
        }}
        if let Some(right) = &self.right {{
            deepest = deepest.max(right.depth());
        }}
        deepest + 1
    }}

    pub fn collect_into(&self, out: &mut Vec<T>) {{
        if let Some(left) = &self.left {{
            left.collect_into(out);
        }}
        out.push(self.value.clone());
        if let Some(right) = &self.right {{
            right.collect_into(out);
        }}
    }}
}}

pub fn sorted{k}(values: &[i64]) -> Vec<i64> {{
    let mut tree = Tree{k}::leaf(values[0]);
    for value in &values[1..] {{
        tree.insert(*value);
    }}
    let mut out: Vec<i64> = Vec::new();
    tree.collect_into(&mut out);
    out
}}
""".split("\n")

def rust_machine(r, k, m):
    a, b, c = r.randint(2, 9), r.randint(10, 90), r.randint(100, 900)
    return f"""pub fn walk{k}(input: &str, limit: i64) -> (i64, i64) {{
    let mut state = 0i64;
    let mut steps = 0;
    let mut seen = [0i64; {b}];
    for c in input.chars() {{
        steps += 1;
        if steps > limit {{
            break;
        }}
        state = match c {{
            'a'..='f' => state * {a} + 1,
            '0'..='9' => state + {b},
            ' ' | '\\t' => {{
                if state > {c} {{
                    continue;
                }}
                state - 1
            }}
            _ if c.is_alphabetic() => state / {a},
            _ => 0,
        }};
        let slot = (state.abs() % {b}) as usize;
        seen[slot] += 1;
        while seen[slot] > {a} {{
            seen[slot] -= {a};
            if seen[slot] == 1 {{
                break;
            }}
        }}
    }}
    let mut most = 0;
    for i in 0..{b} {{
        if seen[i] > seen[most] {{
            most = i;
        }}
    }}
    (state, most as i64)
}}

pub fn table{k}(rows: i64, columns: i64) -> Vec<Vec<i64>> {{
    let mut table: Vec<Vec<i64>> = Vec::new();
    for row in 0..rows {{
        let mut line: Vec<i64> = Vec::new();
        for column in 0..columns {{
            let value = if (row + column) % {a} == 0 {{ row * {b} }} else {{ column - {c} }};
            line.push(value);
        }}
        table.push(line);
    }}
    table
}}
""".split("\n")

def rust_text(r, k, m):
    w = r.choice(NOUNS)
    return f"""pub fn render{k}(title: &str, rows: &[(String, i64)]) -> String {{
    let mut out = format!("== {{title}} ==\\n");
    let mut width = {r.randint(4, 20)};
    for row in rows {{
        width = width.max(row.0.len());
    }}
    for (i, row) in rows.iter().enumerate() {{
        let name = if row.0.is_empty() {{ format!("({w} {{i}})") }} else {{ row.0.to_uppercase() }};
        out.push_str(&format!("{{i:>3}} {{name:<12}} {{:>8}}\\n", row.1));
    }}
    out.push_str(&format!("{{}} rows, {{width}} wide\\n", rows.len()));
    out
}}

pub fn words{k}(text: &str) -> HashMap<String, i64> {{
    let mut counts: HashMap<String, i64> = HashMap::new();
    for line in text.lines() {{
        for word in line.split_whitespace() {{
            let word = word.trim().to_lowercase();
            if word.starts_with("{w[:2]}") || word.len() < {r.randint(1, 5)} {{
                continue;
            }}
            *counts.entry(word).or_insert(0) += 1;
        }}
    }}
    counts
}}
""".split("\n")

def rust_closures(r, k, m):
    a, b = r.randint(2, 30), r.randint(2, 30)
    return f"""fn compose{k}(f: impl Fn(i64) -> i64, g: impl Fn(i64) -> i64, x: i64) -> i64 {{
    g(f(x))
}}

pub fn pipeline{k}(values: &[i64], scale: i64) -> i64 {{
    let offset = scale * {a};
    let shifted: Vec<i64> = values.iter().map(|v| v + offset).filter(|v| v % {b} != 0).collect();
    let best = shifted.iter().copied().max().unwrap_or({b});
    let mut seen: Vec<i64> = Vec::new();
    let mut remember = |v: i64| seen.push(v);
    for v in shifted.iter().skip(1).take({a}) {{
        remember(*v);
    }}
    let total: i64 = seen.iter().zip(values.iter()).map(|(x, y)| x * y).sum();
    let found = values.iter().any(|v| *v == best) || seen.iter().all(|v| *v > {a});
    if found {{ compose{k}(|x| x + scale, |x| x * {b}, total) }} else {{ total - best }}
}}

pub fn order{k}(mut names: Vec<String>) -> Vec<String> {{
    names.sort_by_key(|n| n.len());
    names.retain(|n| n.len() > {a % 5});
    names
}}
""".split("\n")

def rust_errors(r, k, m):
    return f"""pub struct Config{k} {{
    pub name: String,
    pub port: i64,
    pub ratio: f64,
}}

fn setting{k}(line: &str) -> Result<(String, String), Box<dyn Error>> {{
    let Some(at) = line.find('=') else {{
        return Err(format!("no `=` in `{{line}}`").into());
    }};
    Ok((line[..at].trim().to_string(), line[at + 1..].trim().to_string()))
}}

pub fn configure{k}(text: &str) -> Result<Config{k}, Box<dyn Error>> {{
    let mut config = Config{k} {{ name: String::new(), port: {r.randint(1000, 9999)}, ratio: 0.5 }};
    for (i, line) in text.lines().enumerate() {{
        if line.is_empty() || line.starts_with('#') {{
            continue;
        }}
        let (key, value) = setting{k}(line).map_err(|e| format!("line {{}}: {{e}}", i + 1))?;
        match key.as_str() {{
            "name" => config.name = value,
            "port" => config.port = value.parse::<i64>().map_err(|e| format!("port: {{e}}"))?,
            "ratio" => config.ratio = value.parse::<f64>()?,
            _ => return Err(format!("unknown setting `{{key}}`").into()),
        }}
    }}
    if config.port < 1 || config.port > 65535 {{
        return Err(format!("port {{}} is out of range", config.port).into());
    }}
    Ok(config)
}}
""".split("\n")

RUST = [rust_record, rust_kinds, rust_shapes, rust_tree, rust_machine, rust_text, rust_closures, rust_errors]

def rust_frame(index, body):
    out = [f"//! Module {index}.", "", "use std::collections::HashMap;", "use std::error::Error;", ""]
    if index > 0:
        out += [f"use crate::m{index - 1};", ""]
    before = f"m{index - 1}::entry(n - 1)" if index > 0 else "n"
    return out + body + ["pub fn entry(n: i64) -> i64 {", f"    let before = {before};", '    let (state, most) = walk4("a9 f", n);',
                         "    before + state + most + pipeline6(&[n, 2, 3], n)", "}"]

def rust_main(count):
    modules = [f"mod m{i};" for i in range(count)]
    return ["#![allow(dead_code)]", "", *modules, "", "fn main() {", f'    println!("{{}}", m{count - 1}::entry(3));', "}"]

# ---- Go

def go_record(r, k, m):
    noun = go_name(r.choice(NOUNS).capitalize(), k, m)
    fields = r.sample(FIELDS, r.randint(3, 6))
    up = [f.capitalize() for f in fields]
    out = [f"type {noun} struct {{", "\tName string"] + [f"\t{f} int" for f in up] + ["\tTags []string", "}", ""]
    values = ", ".join(f"{u}: {fields[0]}" if i == 0 else f"{u}: {r.randint(0, 99)}" for i, u in enumerate(up))
    out += [f"func New{noun}(name string, {fields[0]} int) {noun} {{", f"\treturn {noun}{{Name: name, {values}}}", "}", ""]
    for f, u in zip(fields[1:], up[1:]):
        out += [f"// Raises `{f}`, within the limit.", f"func (s *{noun}) Raise{u}(by int) int {{", f"\tbefore := s.{u}", f"\ts.{u} = min(s.{u}+by, {r.randint(100, 9000)})",
                f"\tif s.{u} == before {{", f'\t\ts.Tags = append(s.Tags, "{f} is at its limit")', "\t}", f"\treturn s.{u} - before", "}", ""]
    out += [f"func (s *{noun}) WeightOfAll() int {{", f"\treturn {' + '.join('s.' + u for u in up)}", "}", "", f"func (s *{noun}) LongestTag() *string {{", "\tvar best *string",
            "\tfor i := range s.Tags {", "\t\ttag := &s.Tags[i]", "\t\tif best == nil || len(*tag) > len(*best) {", "\t\t\tbest = tag", "\t\t}", "\t}", "\treturn best", "}", ""]
    return out

def go_kinds(r, k, m):
    noun = go_name(r.choice(NOUNS).capitalize() + "Kind", k, m)
    n = r.randint(4, 8)
    names = [v.capitalize() for v in r.sample(VERBS, n)]
    shapes = [r.choice(["", "n", "textn", "attext"]) for _ in names]
    fields = {"": [], "n": ["n int"], "textn": ["text string", "n int"], "attext": ["at int", "text string"]}
    cost = {"": "0", "n": "v.n * 3", "textn": "len(v.text) + v.n", "attext": "v.at - len(v.text)"}
    shown = {"": ('"{}"', ""), "n": ('"{} %d"', ", v.n"), "textn": ('"{} %s %4d"', ", v.text, v.n"), "attext": ('"{} %s at %d"', ", v.text, v.at")}
    makes = {"": "", "n": "7", "textn": '"x", 1', "attext": '4, "t"'}
    out = [f"type {noun} interface {{", "\tCost() int", "\tDescribe() string", "}", ""]
    for a, s in zip(names, shapes):
        own = f"{noun}{a}"
        pattern, args = shown[s]
        out += [f"type {own} struct {{"] + [f"\t{f}" for f in fields[s]] + ["}", "", f"func (v {own}) Cost() int {{", f"\treturn {cost[s]}", "}", "",
                f"func (v {own}) Describe() string {{", f"\treturn fmt.Sprintf({pattern.format(a.lower())}{args})", "}", ""]
    made = ", ".join(noun + a + "{" + makes[s] + "}" for a, s in zip(names, shapes))
    out += [f"func sumOfKinds{k}x{m}(all []{noun}) int {{", "\tsum := 0", "\tfor i, each := range all {", "\t\tif i%2 == 0 && each.Cost() > 0 {", "\t\t\tsum += each.Cost()",
            "\t\t} else {", "\t\t\tsum -= i", "\t\t}", "\t}", "\treturn sum", "}", "", f"func SomeKinds{k}x{m}() []{noun} {{", f"\treturn []{noun}{{{made}}}", "}", "",
            f"func KindsTotal{k}x{m}() int {{", f"\treturn sumOfKinds{k}x{m}(SomeKinds{k}x{m}())", "}", ""]
    return out

def go_shapes(r, k, m):
    n = r.randint(2, 4)
    x = f"{k}x{m}"
    out = [f"type Measure{x} interface {{", "\tAmount() float64", "\tLabel() string", "}", "", f"func line{x}(s Measure{x}) string {{", '\treturn fmt.Sprintf("%s: %.2f", s.Label(), s.Amount())', "}", ""]
    for i in range(n):
        fs = [f.capitalize() for f in r.sample(["width", "height", "depth", "radius", "angle"], r.randint(1, 3))]
        out += [f"type Shape{x}_{i} struct {{"] + [f"\t{f} float64" for f in fs] + ["}", "", f"func (s Shape{x}_{i}) Amount() float64 {{", f"\treturn {' * '.join('s.' + f for f in fs)} + {r.randint(1, 9)}.5",
                "}", "", f"func (s Shape{x}_{i}) Label() string {{", f'\treturn "shape {i} of {k}"', "}", ""]
    out += [f"func largest{x}[T Measure{x}](all []T, least float64) *T {{", "\tvar best *T", "\tsize := least", "\tfor i := range all {", "\t\tif all[i].Amount() > size {",
            "\t\t\tsize = all[i].Amount()", "\t\t\tbest = &all[i]", "\t\t}", "\t}", "\treturn best", "}", "", f"func Report{x}() string {{", "\tvar lines []string",
            f"\tvar things []Measure{x}", "\tfor _, thing := range things {", f"\t\tlines = append(lines, line{x}(thing))", "\t}", '\treturn strings.Join(lines, "\\n")', "}", ""]
    return out

def go_tree(r, k, m):
    x = f"{k}x{m}"
    return f"""type Tree{x}[T cmp.Ordered] struct {{
	value       T
	left, right *Tree{x}[T]
}}

func Leaf{x}[T cmp.Ordered](value T) *Tree{x}[T] {{
	return &Tree{x}[T]{{value: value}}
}}

func (t *Tree{x}[T]) Insert(value T) {{
	side := &t.right
	if value < t.value {{
		side = &t.left
	}}
	if *side == nil {{
		*side = Leaf{x}(value)
	}} else {{
		(*side).Insert(value)
	}}
}}

func (t *Tree{x}[T]) Depth() int {{
	deepest := 0
	if t.left != nil {{
		deepest = t.left.Depth()
	}}
	if t.right != nil {{
		deepest = max(deepest, t.right.Depth())
	}}
	return deepest + 1
}}

func (t *Tree{x}[T]) CollectInto(out []T) []T {{
	if t.left != nil {{
		out = t.left.CollectInto(out)
	}}
	out = append(out, t.value)
	if t.right != nil {{
		out = t.right.CollectInto(out)
	}}
	return out
}}

func Sorted{x}(values []int) []int {{
	tree := Leaf{x}(values[0])
	for _, value := range values[1:] {{
		tree.Insert(value)
	}}
	return tree.CollectInto(nil)
}}
""".split("\n")

def go_machine(r, k, m):
    x = f"{k}x{m}"
    a, b, c = r.randint(2, 9), r.randint(10, 90), r.randint(100, 900)
    return f"""func Walk{x}(input string, limit int) (int, int) {{
	state, steps := 0, 0
	var seen [{b}]int
	for _, c := range input {{
		steps++
		if steps > limit {{
			break
		}}
		switch {{
		case c >= 'a' && c <= 'f':
			state = state*{a} + 1
		case c >= '0' && c <= '9':
			state += {b}
		case c == ' ' || c == '\\t':
			if state > {c} {{
				continue
			}}
			state--
		case unicode.IsLetter(c):
			state /= {a}
		default:
			state = 0
		}}
		slot := state % {b}
		if slot < 0 {{
			slot = -slot
		}}
		seen[slot]++
		for seen[slot] > {a} {{
			seen[slot] -= {a}
			if seen[slot] == 1 {{
				break
			}}
		}}
	}}
	most := 0
	for i := 0; i < {b}; i++ {{
		if seen[i] > seen[most] {{
			most = i
		}}
	}}
	return state, most
}}

func Table{x}(rows, columns int) [][]int {{
	var table [][]int
	for row := 0; row < rows; row++ {{
		var line []int
		for column := 0; column < columns; column++ {{
			value := column - {c}
			if (row+column)%{a} == 0 {{
				value = row * {b}
			}}
			line = append(line, value)
		}}
		table = append(table, line)
	}}
	return table
}}
""".split("\n")

def go_text(r, k, m):
    x = f"{k}x{m}"
    w = r.choice(NOUNS)
    return f"""type row{x} struct {{
	name  string
	count int
}}

func Render{x}(title string, rows []row{x}) string {{
	var out strings.Builder
	fmt.Fprintf(&out, "== %s ==\\n", title)
	width := {r.randint(4, 20)}
	for _, row := range rows {{
		width = max(width, len(row.name))
	}}
	for i, row := range rows {{
		name := strings.ToUpper(row.name)
		if row.name == "" {{
			name = fmt.Sprintf("({w} %d)", i)
		}}
		fmt.Fprintf(&out, "%3d %-12s %8d\\n", i, name, row.count)
	}}
	fmt.Fprintf(&out, "%d rows, %d wide\\n", len(rows), width)
	return out.String()
}}

func Words{x}(text string) map[string]int {{
	counts := map[string]int{{}}
	for _, line := range strings.Split(text, "\\n") {{
		for _, word := range strings.Fields(line) {{
			word = strings.ToLower(strings.TrimSpace(word))
			if strings.HasPrefix(word, "{w[:2]}") || len(word) < {r.randint(1, 5)} {{
				continue
			}}
			counts[word]++
		}}
	}}
	return counts
}}
""".split("\n")

def go_closures(r, k, m):
    x = f"{k}x{m}"
    a, b = r.randint(2, 30), r.randint(2, 30)
    return f"""func compose{x}(f, g func(int) int, x int) int {{
	return g(f(x))
}}

func Pipeline{x}(values []int, scale int) int {{
	offset := scale * {a}
	var shifted []int
	for _, v := range values {{
		if (v+offset)%{b} != 0 {{
			shifted = append(shifted, v+offset)
		}}
	}}
	best := {b}
	if len(shifted) > 0 {{
		best = slices.Max(shifted)
	}}
	var seen []int
	remember := func(v int) {{ seen = append(seen, v) }}
	for i, v := range shifted {{
		if i >= 1 && i <= {a} {{
			remember(v)
		}}
	}}
	total := 0
	for i := 0; i < min(len(seen), len(values)); i++ {{
		total += seen[i] * values[i]
	}}
	found := slices.Contains(values, best) || !slices.ContainsFunc(seen, func(v int) bool {{ return v <= {a} }})
	if found {{
		return compose{x}(func(x int) int {{ return x + scale }}, func(x int) int {{ return x * {b} }}, total)
	}}
	return total - best
}}

func Order{x}(names []string) []string {{
	slices.SortStableFunc(names, func(a, b string) int {{ return len(a) - len(b) }})
	return slices.DeleteFunc(names, func(n string) bool {{ return len(n) <= {a % 5} }})
}}
""".split("\n")

def go_errors(r, k, m):
    x = f"{k}x{m}"
    return f"""type Config{x} struct {{
	Name  string
	Port  int
	Ratio float64
}}

func setting{x}(line string) (string, string, error) {{
	at := strings.Index(line, "=")
	if at < 0 {{
		return "", "", fmt.Errorf("no `=` in `%s`", line)
	}}
	return strings.TrimSpace(line[:at]), strings.TrimSpace(line[at+1:]), nil
}}

func Configure{x}(text string) (Config{x}, error) {{
	config := Config{x}{{Port: {r.randint(1000, 9999)}, Ratio: 0.5}}
	for i, line := range strings.Split(text, "\\n") {{
		if line == "" || strings.HasPrefix(line, "#") {{
			continue
		}}
		key, value, err := setting{x}(line)
		if err != nil {{
			return config, fmt.Errorf("line %d: %w", i+1, err)
		}}
		switch key {{
		case "name":
			config.Name = value
		case "port":
			config.Port, err = strconv.Atoi(value)
			if err != nil {{
				return config, fmt.Errorf("port: %w", err)
			}}
		case "ratio":
			config.Ratio, err = strconv.ParseFloat(value, 64)
			if err != nil {{
				return config, err
			}}
		default:
			return config, fmt.Errorf("unknown setting `%s`", key)
		}}
	}}
	if config.Port < 1 || config.Port > 65535 {{
		return config, fmt.Errorf("port %d is out of range", config.Port)
	}}
	return config, nil
}}
""".split("\n")

GO = [go_record, go_kinds, go_shapes, go_tree, go_machine, go_text, go_closures, go_errors]

def go_frame(index, body):
    imports = ["cmp", "fmt", "slices", "strconv", "strings", "unicode"]
    out = [f"// Module {index}.", "package main", "", "import ("] + [f'\t"{i}"' for i in imports] + [")", ""]
    before = f"entry{index - 1}(n - 1)" if index > 0 else "n"
    return out + body + [f"func entry{index}(n int) int {{", f"\tbefore := {before}", f'\tstate, most := Walk4x{index}("a9 f", n)',
                         f"\treturn before + state + most + Pipeline6x{index}([]int{{n, 2, 3}}, n)", "}"]

def go_main(count):
    return ["package main", "", 'import "fmt"', "", "func main() {", f"\tfmt.Println(entry{count - 1}(3))", "}"]
