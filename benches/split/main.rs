use std::fmt::Write;
fn main() {
    let n: i64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let mut text = String::new();
    for i in 0..n {
        write!(text, "{},word{},", i, i % 100).unwrap();
    }
    let (mut fields, mut digits, mut longest) = (0, 0i64, 0);
    for part in text.split(",") {
        fields += 1;
        longest = longest.max(part.len());
        if let Ok(v) = part.parse::<i64>() {
            digits += v;
        }
    }
    println!("{fields} {digits} {longest}");
}
