// SPDX-License-Identifier: Apache-2.0
// What a server on the JVM does: a thread pool, an HTTP server that asks itself, a child process, files, garbage collection.
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;

public class Real {
	static void check(boolean holds, String what) {
		if (!holds)
			throw new IllegalStateException(what);
	}

	public static void main(String[] args) throws Exception {
		var pool = Executors.newFixedThreadPool(4);
		var server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
		server.setExecutor(pool);
		server.createContext("/", exchange -> {
			byte[] body = "stone".getBytes();
			exchange.sendResponseHeaders(200, body.length);
			exchange.getResponseBody().write(body);
			exchange.close();
		});
		server.start();
		var uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
		var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
		var tasks = new ArrayList<Callable<String>>();
		for (int i = 0; i < 8; i++)
			tasks.add(() -> client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString()).body());
		for (var answer : Executors.newCachedThreadPool().invokeAll(tasks))
			check(answer.get().equals("stone"), "http");
		server.stop(0);
		pool.shutdown();

		var process = new ProcessBuilder("sh", "-c", "echo wall; exit 3").start();
		check(new String(process.getInputStream().readAllBytes()).equals("wall\n"), "child's output");
		check(process.waitFor() == 3, "child's status");

		var file = Files.createTempFile("real", ".txt");
		Files.writeString(file, "wall");
		check(Files.readString(file).equals("wall"), "file");
		long kept = 0;
		for (int i = 0; i < 2000; i++)
			kept += new byte[1 << 16].length;
		System.gc();
		check(kept == 2000L << 16, "memory");
		System.out.println("java: ok");
		System.exit(0);
	}
}
