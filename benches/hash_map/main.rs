fn main() {
    let n: i64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let mut counts: hashbrown::HashMap<i64, i64> = hashbrown::HashMap::new();
    let mut x: u64 = 88172645463325252;
    for _ in 0..n {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        *counts.entry((x % 1000000) as i64).or_insert(0) += 1;
    }
    let (mut best, mut missing) = (0, 0);
    for k in 0..2000000i64 {
        match counts.get(&k) {
            Some(&c) => best = best.max(c),
            None => missing += 1,
        }
    }
    println!("{} {best} {missing}", counts.len());
}
