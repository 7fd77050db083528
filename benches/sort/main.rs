fn main() {
    let n: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let mut xs: Vec<i64> = Vec::new();
    let mut x: u64 = 88172645463325252;
    for _ in 0..n {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        xs.push((x >> 20) as i64);
    }
    let mut ys = xs.clone();
    xs.sort();
    ys.sort_unstable();
    println!("{} {} {} {}", xs[0], xs[n / 2], xs[n - 1], xs == ys);
}
