// SPDX-License-Identifier: Apache-2.0
// Threads, a channel, a TCP connection, a child process, a file and its times.
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (sender, receiver) = mpsc::channel();
    for number in 1..=8u64 {
        let sender = sender.clone();
        thread::spawn(move || sender.send(number * number));
    }
    drop(sender);
    assert_eq!(receiver.iter().sum::<u64>(), 204);

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = thread::spawn(move || listener.accept().and_then(|(mut peer, _)| peer.write_all(b"stone")));
    let mut text = String::new();
    TcpStream::connect(address)?.read_to_string(&mut text)?;
    assert_eq!(text, "stone");
    server.join().unwrap()?;

    let output = Command::new("sh").args(["-c", "echo wall; exit 3"]).output()?;
    assert_eq!((output.stdout.as_slice(), output.status.code()), (b"wall\n".as_slice(), Some(3)));
    assert!(Command::new("/does/not/exist").spawn().is_err());

    let path = std::env::temp_dir().join("rust-file");
    std::fs::write(&path, "wall")?;
    std::fs::copy(&path, path.with_extension("copy"))?;
    assert!(std::fs::metadata(&path)?.modified()?.elapsed()? < Duration::from_secs(60));
    let start = Instant::now();
    thread::sleep(Duration::from_millis(5));
    assert!(start.elapsed() >= Duration::from_millis(5));
    assert!(thread::available_parallelism()?.get() > 0);
    println!("rust: ok");
    Ok(())
}
