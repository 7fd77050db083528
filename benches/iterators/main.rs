fn main() {
    let n: i64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let xs: Vec<i64> = (0..100000).collect();
    let mut total = 0i64;
    for round in 0..n {
        let part: i64 = xs.iter()
            .enumerate()
            .filter(|(i, _)| (*i as i64 + round) % 3 == 0)
            .map(|(i, x)| x * 2 + i as i64)
            .take(30000)
            .zip(xs.iter().skip(7))
            .map(|(a, b)| a ^ b)
            .sum();
        total += part;
    }
    println!("{total}");
}
