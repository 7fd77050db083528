struct Tree { left: Option<Box<Tree>>, right: Option<Box<Tree>> }
fn make(depth: i64) -> Tree {
    if depth == 0 {
        return Tree { left: None, right: None };
    }
    Tree { left: Some(Box::new(make(depth - 1))), right: Some(Box::new(make(depth - 1))) }
}
fn check(t: &Tree) -> i64 {
    let mut n = 1;
    if let Some(l) = &t.left {
        n += check(l);
    }
    if let Some(r) = &t.right {
        n += check(r);
    }
    n
}
fn main() {
    let n: i64 = std::env::args().nth(1).unwrap().parse().unwrap();
    println!("stretch tree of depth {}\t check: {}", n + 1, check(&make(n + 1)));
    let long_lived = make(n);
    let mut depth = 4;
    while depth <= n {
        let rounds = 1i64 << (n - depth + 4);
        let mut total = 0;
        for _ in 0..rounds {
            total += check(&make(depth));
        }
        println!("{rounds}\t trees of depth {depth}\t check: {total}");
        depth += 2;
    }
    println!("long lived tree of depth {n}\t check: {}", check(&long_lived));
}
