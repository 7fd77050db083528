//! The same program as `main.altru`, with Rust's std and `serde_json`.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use serde_json::{Value, json};

const ORDERS: &str = "\
# id; customer; item x count; priority
1; Ada Lovelace; gears x 12; 2
2; Alan Turing; tape x 300; 1
3; Grace Hopper; relays x 7; 3
4; Ada Lovelace; cards x 500; 2
5; Edsger Dijkstra; paths x 1; 5
six; Nobody; nothing x 0; 1
7; Barbara Liskov; types x 40; 4
8; Alan Turing; gears x 3; 9
9; Tony Hoare; monitors x 2
10; Grace Hopper; cards x 20; 1
11; Donald Knuth; tape x many; 1
12; Edsger Dijkstra; gears x 64; 2
";

const PROSE: &str = "\
The warehouse opens at dawn. The first cart brings gears, the second brings tape, and the
third brings nothing at all. Nobody counts the carts; everybody counts the gears. When the
tape is short the cards are long, and when the cards are short the day is long. The relays
click, the gears turn, and the tape runs through the night until the warehouse opens again.
";

type Failure = Box<dyn std::error::Error>;

// ---------------------------------------------------------------- orders

#[derive(Clone, Debug, PartialEq, Eq)]
struct Order {
    id: i64,
    customer: String,
    item: String,
    count: i64,
    priority: i64,
}

fn parse_order(line: &str) -> Result<Order, Failure> {
    let fields: Vec<String> = line.split(';').map(|f| f.trim().to_string()).collect();
    if fields.len() != 4 {
        return Err(format!("expected 4 fields, found {}", fields.len()).into());
    }
    let Some((item, count)) = fields[2].split_once(" x ") else {
        return Err(format!("`{}` is not `ITEM x COUNT`", fields[2]).into());
    };
    Ok(Order {
        id: fields[0].parse().map_err(|_| format!("bad id `{}`", fields[0]))?,
        customer: fields[1].clone(),
        item: item.to_string(),
        count: count.parse().map_err(|_| format!("bad count `{count}`"))?,
        priority: fields[3].parse().map_err(|_| format!("bad priority `{}`", fields[3]))?,
    })
}

fn read_orders(text: &str) -> (Vec<Order>, Vec<String>) {
    let mut orders = Vec::new();
    let mut failures = Vec::new();
    for (i, line) in text.lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match parse_order(line) {
            Ok(order) => orders.push(order),
            Err(e) => failures.push(format!("line {}: {e}", i + 1)),
        }
    }
    (orders, failures)
}

// ---------------------------------------------------------------- stock

#[derive(Clone, Debug, Default)]
struct Shelf {
    count: i64,
    cents: i64,
}

struct Stock {
    shelves: HashMap<String, Shelf>,
    history: Vec<(String, i64)>,
}

impl Stock {
    fn new() -> Stock {
        let mut stock = Stock { shelves: HashMap::new(), history: Vec::new() };
        for (name, count, cents) in [("gears", 70, 250), ("tape", 1000, 3), ("relays", 9, 1999), ("cards", 510, 1), ("types", 40, 75)] {
            stock.shelves.insert(name.to_string(), Shelf { count, cents });
        }
        stock
    }

    fn take(&mut self, item: &str, count: i64) -> Result<i64, String> {
        let Some(shelf) = self.shelves.get_mut(item) else {
            return Err(format!("no shelf for {item}"));
        };
        if shelf.count < count {
            return Err(format!("only {} of {count} {item}", shelf.count));
        }
        shelf.count -= count;
        let price = shelf.cents * count;
        self.history.push((item.to_string(), -count));
        Ok(price)
    }

    fn fill(&mut self, item: &str, count: i64) {
        self.shelves.entry(item.to_string()).or_default().count += count;
        self.history.push((item.to_string(), count));
    }

    fn worth(&self) -> i64 {
        self.shelves.values().map(|s| s.count * s.cents).sum()
    }
}

// ---------------------------------------------------------------- prices

trait Rule {
    fn name(&self) -> String;
    fn price(&self, order: &Order, cents: i64) -> i64;
}

struct Bulk {
    from: i64,
    percent: i64,
}

struct Rush;
struct Loyal {
    names: HashSet<String>,
}

impl Rule for Bulk {
    fn name(&self) -> String {
        format!("bulk {}%", self.percent)
    }

    fn price(&self, order: &Order, cents: i64) -> i64 {
        if order.count >= self.from { cents * (100 - self.percent) / 100 } else { cents }
    }
}

impl Rule for Rush {
    fn name(&self) -> String {
        "rush".to_string()
    }

    fn price(&self, order: &Order, cents: i64) -> i64 {
        match order.priority {
            0 | 1 => cents,
            2..=4 => cents + 100,
            _ => cents + 100 * order.priority,
        }
    }
}

impl Rule for Loyal {
    fn name(&self) -> String {
        format!("loyal ({})", self.names.len())
    }

    fn price(&self, order: &Order, cents: i64) -> i64 {
        if self.names.contains(&order.customer) { cents - cents / 20 } else { cents }
    }
}

fn rules(orders: &[Order]) -> Vec<Box<dyn Rule>> {
    let mut seen: HashMap<String, i64> = HashMap::new();
    for order in orders {
        *seen.entry(order.customer.clone()).or_insert(0) += 1;
    }
    let names = seen.iter().filter(|(_, n)| **n > 1).map(|(name, _)| name.clone()).collect();
    vec![Box::new(Bulk { from: 50, percent: 15 }), Box::new(Rush), Box::new(Loyal { names })]
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Shipped(i64),
    Refused { why: String },
}

fn ship(stock: &mut Stock, rules: &[Box<dyn Rule>], order: &Order) -> Outcome {
    match stock.take(&order.item, order.count) {
        Ok(cents) => Outcome::Shipped(rules.iter().fold(cents, |sum, rule| rule.price(order, sum))),
        Err(why) => Outcome::Refused { why },
    }
}

fn money(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

// ---------------------------------------------------------------- queue

fn by_priority(orders: &[Order]) -> Vec<i64> {
    let mut heap: BinaryHeap<(i64, Reverse<i64>)> = orders.iter().map(|o| (o.priority, Reverse(o.id))).collect();
    let mut order = Vec::new();
    while let Some((_, Reverse(id))) = heap.pop() {
        order.push(id);
    }
    order
}

// ---------------------------------------------------------------- roads

struct Roads {
    names: Vec<String>,
    edges: Vec<Vec<(usize, i64)>>,
}

impl Roads {
    fn new(lines: &[&str]) -> Roads {
        let mut roads = Roads { names: Vec::new(), edges: Vec::new() };
        for line in lines {
            let parts: Vec<&str> = line.split_whitespace().collect();
            let a = roads.place(parts[0]);
            let b = roads.place(parts[1]);
            let length = parts[2].parse().unwrap();
            roads.edges[a].push((b, length));
            roads.edges[b].push((a, length));
        }
        roads
    }

    fn index_of(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| n == name)
    }

    fn place(&mut self, name: &str) -> usize {
        if let Some(at) = self.index_of(name) {
            return at;
        }
        self.names.push(name.to_string());
        self.edges.push(Vec::new());
        self.names.len() - 1
    }

    /// The places on the shortest way, and how long it is.
    fn route(&self, from: usize, to: usize) -> Option<(Vec<usize>, i64)> {
        let mut best: Vec<Option<i64>> = self.names.iter().map(|_| None).collect();
        let mut before = vec![from; self.names.len()];
        let mut open: BTreeSet<usize> = BTreeSet::new();
        best[from] = Some(0);
        open.insert(from);
        while let Some(at) = open.iter().copied().min_by_key(|p| (best[*p].unwrap(), *p)) {
            open.remove(&at);
            let here = best[at].unwrap();
            for &(next, length) in &self.edges[at] {
                let there = here + length;
                if best[next].is_none_or(|b| b > there) {
                    best[next] = Some(there);
                    before[next] = at;
                    open.insert(next);
                }
            }
        }
        let total = best[to]?;
        let mut way = vec![to];
        while *way.last().unwrap() != from {
            way.push(before[*way.last().unwrap()]);
        }
        way.reverse();
        Some((way, total))
    }
}

// ---------------------------------------------------------------- expressions

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Name(String),
    Sign(char),
}

fn tokens(text: &str) -> Result<Vec<Token>, Failure> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        let start = at;
        at += 1;
        if c.is_whitespace() {
            continue;
        }
        if c.is_ascii_digit() {
            while at < chars.len() && (chars[at].is_ascii_digit() || chars[at] == '.') {
                at += 1;
            }
            let digits: String = chars[start..at].iter().collect();
            out.push(Token::Number(digits.parse()?));
        } else if c.is_alphabetic() {
            while at < chars.len() && chars[at].is_alphanumeric() {
                at += 1;
            }
            out.push(Token::Name(chars[start..at].iter().collect()));
        } else if "+-*/()".contains(c) {
            out.push(Token::Sign(c));
        } else {
            return Err(format!("`{c}` at {start} means nothing").into());
        }
    }
    Ok(out)
}

struct Formula {
    tokens: Vec<Token>,
    at: usize,
    values: HashMap<String, f64>,
}

impl Formula {
    fn sign(&mut self, wanted: &str) -> Option<char> {
        if let Some(Token::Sign(c)) = self.tokens.get(self.at)
            && wanted.contains(*c)
        {
            let found = *c;
            self.at += 1;
            return Some(found);
        }
        None
    }

    fn sum(&mut self) -> Result<f64, Failure> {
        let mut value = self.product()?;
        while let Some(sign) = self.sign("+-") {
            let next = self.product()?;
            value = if sign == '+' { value + next } else { value - next };
        }
        Ok(value)
    }

    fn product(&mut self) -> Result<f64, Failure> {
        let mut value = self.atom()?;
        while let Some(sign) = self.sign("*/") {
            let next = self.atom()?;
            if sign == '/' && next == 0.0 {
                return Err("division by zero".into());
            }
            value = if sign == '*' { value * next } else { value / next };
        }
        Ok(value)
    }

    fn atom(&mut self) -> Result<f64, Failure> {
        if self.sign("(").is_some() {
            let value = self.sum()?;
            if self.sign(")").is_none() {
                return Err("`)` is missing".into());
            }
            return Ok(value);
        }
        if self.sign("-").is_some() {
            return Ok(-self.atom()?);
        }
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        match token {
            Some(Token::Number(n)) => Ok(n),
            Some(Token::Name(name)) => self.values.get(&name).copied().ok_or_else(|| format!("`{name}` has no value").into()),
            _ => Err("a number is missing".into()),
        }
    }
}

fn evaluate(text: &str, values: &HashMap<String, f64>) -> Result<f64, Failure> {
    let mut formula = Formula { tokens: tokens(text)?, at: 0, values: values.clone() };
    let value = formula.sum()?;
    if formula.at < formula.tokens.len() {
        return Err("more than one formula".into());
    }
    Ok(value)
}

// ---------------------------------------------------------------- matrices

#[derive(Clone, PartialEq, Eq)]
struct Matrix {
    size: usize,
    cells: Vec<i64>,
}

impl Matrix {
    fn unit(size: usize) -> Matrix {
        let cells = (0..size * size).map(|i| if i / size == i % size { 1 } else { 0 }).collect();
        Matrix { size, cells }
    }

    fn times(&self, other: &Matrix) -> Matrix {
        let mut cells = Vec::new();
        for row in 0..self.size {
            for column in 0..self.size {
                let mut sum = 0;
                for k in 0..self.size {
                    sum += self.cells[row * self.size + k] * other.cells[k * self.size + column];
                }
                cells.push(sum % 1_000_007);
            }
        }
        Matrix { size: self.size, cells }
    }

    fn power(&self, exponent: i64) -> Matrix {
        let mut result = Matrix::unit(self.size);
        let mut square = self.clone();
        let mut left = exponent;
        while left > 0 {
            if left & 1 == 1 {
                result = result.times(&square);
            }
            square = square.times(&square);
            left >>= 1;
        }
        result
    }
}

// ---------------------------------------------------------------- text

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.len() + 1 + word.len() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

fn caesar(text: &str, by: i64) -> String {
    let shifted = |c: char, base: i64| char::from_u32(((i64::from(u32::from(c)) - base + by) % 26 + base) as u32).unwrap();
    let mut out = String::new();
    for c in text.chars() {
        out.push(match c {
            'a'..='z' => shifted(c, 97),
            'A'..='Z' => shifted(c, 65),
            _ => c,
        });
    }
    out
}

fn count_words(lines: &[String]) -> HashMap<String, i64> {
    let (sender, receiver) = mpsc::channel::<String>();
    let receiver = Arc::new(Mutex::new(receiver));
    let mut workers = Vec::new();
    for _ in 0..3 {
        let inbox = receiver.clone();
        workers.push(thread::spawn(move || {
            let mut counts: HashMap<String, i64> = HashMap::new();
            loop {
                let Ok(line) = inbox.lock().unwrap().recv() else { break };
                for word in line.split_whitespace() {
                    let word = word.trim_matches(|c: char| !c.is_alphabetic()).to_lowercase();
                    *counts.entry(word).or_insert(0) += 1;
                }
            }
            counts
        }));
    }
    for line in lines {
        sender.send(line.clone()).unwrap();
    }
    drop(sender);
    let mut total: HashMap<String, i64> = HashMap::new();
    for worker in workers {
        for (word, n) in worker.join().unwrap() {
            *total.entry(word).or_insert(0) += n;
        }
    }
    total
}

// ---------------------------------------------------------------- ring

struct Recent<T> {
    items: VecDeque<T>,
    limit: usize,
}

impl<T: Clone + PartialEq> Recent<T> {
    fn touch(&mut self, item: &T) -> bool {
        let known = self.items.iter().position(|i| i == item);
        if let Some(at) = known {
            let kept = self.items.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, x)| x.clone()).collect();
            self.items = kept;
        }
        self.items.push_back(item.clone());
        if self.items.len() > self.limit {
            self.items.pop_front();
        }
        known.is_some()
    }
}

// ---------------------------------------------------------------- report

struct List<'a, T>(&'a [T]);

impl<T: fmt::Display> fmt::Display for List<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, x) in self.0.iter().enumerate() {
            write!(f, "{}{x}", if i > 0 { ", " } else { "" })?;
        }
        f.write_str("]")
    }
}

fn as_json(orders: &[Order], outcomes: &HashMap<i64, Outcome>) -> Value {
    let mut list = Vec::new();
    for order in orders {
        let mut entry = json!({"id": order.id, "customer": order.customer});
        match outcomes.get(&order.id) {
            Some(Outcome::Shipped(cents)) => entry["cents"] = json!(cents),
            Some(Outcome::Refused { why }) => entry["why"] = json!(why),
            None => entry["open"] = json!(true),
        }
        list.push(entry);
    }
    Value::Array(list)
}

fn table(rows: &[(String, i64)], title: &str) {
    println!("{title:-^30}");
    for (name, n) in rows {
        println!("{name:<20}{n:>10}");
    }
}

fn main() -> Result<(), Failure> {
    let (mut orders, failures) = read_orders(ORDERS);
    for failure in &failures {
        println!("{failure}");
    }
    println!("{} orders, by priority {}", orders.len(), List(&by_priority(&orders)));

    let mut stock = Stock::new();
    let rules = rules(&orders);
    println!("rules: {}", rules.iter().map(|r| r.name()).collect::<Vec<_>>().join(", "));
    let mut outcomes: HashMap<i64, Outcome> = HashMap::new();
    let mut recent = Recent { items: VecDeque::new(), limit: 3 };
    for order in &orders {
        let outcome = ship(&mut stock, &rules, order);
        match &outcome {
            Outcome::Shipped(cents) => println!("{:>3} {:<9}{:>9}", order.id, order.item, money(*cents)),
            Outcome::Refused { why } => println!("{:>3} refused: {why}", order.id),
        }
        if recent.touch(&order.item) {
            println!("    {} again", order.item);
        }
        outcomes.insert(order.id, outcome);
    }
    stock.fill("paths", 10);
    println!("worth {} after {} movements", money(stock.worth()), stock.history.len());

    orders.sort_by(|a, b| a.customer.cmp(&b.customer).then(b.count.cmp(&a.count)));
    let text = serde_json::to_string_pretty(&as_json(&orders, &outcomes))?;
    let back: Value = serde_json::from_str(&text)?;
    let sum: i64 = back.as_array().unwrap().iter().filter_map(|v| v.get("cents").and_then(Value::as_i64)).sum();
    println!("{} lines of JSON, {} in all", text.lines().count(), money(sum));
    println!("{}", serde_json::to_string_pretty(&back[0])?);

    let mut per: HashMap<String, i64> = HashMap::new();
    for order in &orders {
        *per.entry(order.customer.clone()).or_insert(0) += order.count;
    }
    let mut rows: Vec<(String, i64)> = per.into_iter().collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    table(&rows, " customers ");

    let roads = Roads::new(&["dock mill 7", "mill farm 4", "dock fort 3", "fort farm 11", "fort mill 2", "isle reef 1"]);
    for (from, to) in [("dock", "farm"), ("farm", "fort"), ("dock", "reef")] {
        match roads.route(roads.index_of(from).unwrap(), roads.index_of(to).unwrap()) {
            Some((way, total)) => {
                let names: Vec<&str> = way.iter().map(|p| roads.names[*p].as_str()).collect();
                println!("{}: {total}", names.join(" > "));
            }
            None => println!("no way from {from} to {to}"),
        }
    }

    let mut values: HashMap<String, f64> = HashMap::new();
    values.insert("pi".to_string(), 3.14159);
    values.insert("r".to_string(), 2.5);
    for formula in ["pi * r * r", "-(1 + 2) * 3 / 4", "1 / (r - 2.5)", "2 * (3 + x)", "2 $ 3", "(1"] {
        match evaluate(formula, &values) {
            Ok(value) => println!("{formula} = {value:.4}"),
            Err(e) => println!("{formula}: {e}"),
        }
    }

    let steps = Matrix { size: 3, cells: vec![1, 1, 0, 1, 0, 1, 0, 1, 1] };
    println!("{}", List(&steps.power(100).cells));

    let lines = wrap(PROSE, 60);
    println!("{} lines, the longest {}", lines.len(), lines.iter().map(|l| l.len()).max().unwrap());
    println!("{}", caesar(&lines[0], 3));
    println!("{}", caesar(&caesar(&lines[0], 3), 23));
    let mut words: Vec<(String, i64)> = count_words(&lines).into_iter().collect();
    words.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    table(&words[..6], " words ");

    let evens: Vec<i64> = (0..40).filter(|n| n % 2 == 0).map(|n| n * n).take_while(|n| *n < 900).collect();
    let pairs: i64 = evens.windows(2).map(|w| w[1] - w[0]).sum();
    let odd = evens.chunks(4).map(|c| c.iter().sum::<i64>()).max().unwrap();
    println!("{} squares, {pairs}, {odd}, {:?}", evens.len(), evens.binary_search(&256));
    Ok(())
}
