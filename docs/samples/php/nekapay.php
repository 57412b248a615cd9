<?php
// The whole client: sign, send, read. PHP 8.1 or later, no extension.

declare(strict_types=1);

function sign(string $timestamp, string $body): string
{
    return hash_hmac('sha256', $timestamp . $body, getenv('NEKAPAY_API_SECRET'));
}

/** Returns the HTTP status, the Retry-After header and the JSON of one signed request. */
function send(string $method, string $path, string $body): array
{
    $timestamp = (string) time();
    $context = stream_context_create(['http' => [
        'method' => $method,
        'content' => $body,
        'header' => [
            'X-NekaPay-Key: ' . getenv('NEKAPAY_API_KEY'),
            'X-NekaPay-Timestamp: ' . $timestamp,
            'X-NekaPay-Signature: ' . sign($timestamp, $body),
            'Content-Type: application/json',
        ],
        'ignore_errors' => true, // read the body of a refusal as well
        'timeout' => 30,
    ]]);
    $answer = @fopen(getenv('NEKAPAY_BASE_URL') . $path, 'r', false, $context);
    if ($answer === false) {
        error_log('no answer: try again with the same merchant_order_id');
        exit(1);
    }
    $headers = implode("\n", stream_get_meta_data($answer)['wrapper_data']);
    preg_match('~^HTTP/\S+ (\d+)~', $headers, $status);
    preg_match('~^Retry-After: *(\d+)~mi', $headers, $wait);
    $json = json_decode(stream_get_contents($answer), true, flags: JSON_THROW_ON_ERROR);

    return [(int) $status[1], (int) ($wait[1] ?? 1), $json];
}

/** Returns the transaction, or ends the program with the error's code and text. */
function call(string $method, string $path, ?array $payload = null): array
{
    $body = $payload ? json_encode($payload, JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR) : '';
    for ($try = 1; ; $try++) {
        [$status, $wait, $answer] = send($method, $path, $body);
        if ($status !== 429 || $try === 5) {
            break;
        }
        sleep($wait); // then sign afresh
    }
    if ($status >= 300) {
        error_log("$status {$answer['code']}: {$answer['error']}");
    }

    // A 409 or a 503 that carries the transaction means: it exists, read it.
    return $answer['data'] ?? exit(1);
}
