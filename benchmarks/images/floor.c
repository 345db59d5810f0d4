/* The bare codecs: what decoding a JPEG and encoding given pixels costs without anything around it.
 * A request per line on stdin, the answer (processor seconds) per line on stdout:
 *   decode PATH SCALE               a JPEG file, at 1/SCALE of its size
 *   jpeg PATH WIDTH HEIGHT BANDS Q  raw pixels from a file, to a JPEG (4:2:0)
 *   webp PATH WIDTH HEIGHT M Q      raw RGB pixels from a file, to a WebP of method M
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <jpeglib.h>
#include <webp/encode.h>

static unsigned char *slurp(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file) { perror(path); exit(1); }
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    unsigned char *data = malloc(*size);
    if (!data || fread(data, 1, *size, file) != *size) { perror(path); exit(1); }
    fclose(file);
    return data;
}

static double cpu(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

static void decode(const unsigned char *data, size_t size, unsigned scale) {
    struct jpeg_decompress_struct info;
    struct jpeg_error_mgr errors;
    info.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, data, size);
    jpeg_read_header(&info, TRUE);
    info.scale_num = 1;
    info.scale_denom = scale;
    jpeg_start_decompress(&info);
    unsigned char *row = malloc((size_t)info.output_width * info.output_components);
    while (info.output_scanline < info.output_height) jpeg_read_scanlines(&info, &row, 1);
    jpeg_finish_decompress(&info);
    jpeg_destroy_decompress(&info);
    free(row);
}

static void encode_jpeg(unsigned char *data, int width, int height, int bands, int quality) {
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr errors;
    unsigned char *out = NULL;
    unsigned long size = 0;
    info.err = jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &out, &size);
    info.image_width = (JDIMENSION)width;
    info.image_height = (JDIMENSION)height;
    info.input_components = bands;
    info.in_color_space = bands == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, quality, TRUE);
    jpeg_start_compress(&info, TRUE);
    while (info.next_scanline < info.image_height) {
        JSAMPROW row = data + (size_t)info.next_scanline * width * bands;
        jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    free(out);
}

static void encode_webp(unsigned char *data, int width, int height, int method, int quality) {
    WebPConfig config;
    WebPPicture picture;
    WebPMemoryWriter writer;
    if (!WebPConfigInit(&config) || !WebPPictureInit(&picture)) exit(1);
    config.quality = (float)quality;
    config.method = method;
    picture.width = width;
    picture.height = height;
    WebPMemoryWriterInit(&writer);
    picture.writer = WebPMemoryWrite;
    picture.custom_ptr = &writer;
    if (!WebPPictureImportRGB(&picture, data, width * 3) || !WebPEncode(&config, &picture)) exit(1);
    WebPPictureFree(&picture);
    WebPMemoryWriterClear(&writer);
}

int main(void) {
    char line[4096], kind[8], path[3500];
    while (fgets(line, sizeof line, stdin)) {
        int a = 0, b = 0, c = 0, d = 0;
        size_t size;
        if (sscanf(line, "%7s %3499s %d %d %d %d", kind, path, &a, &b, &c, &d) < 3) return 1;
        unsigned char *data = slurp(path, &size);
        double begun = cpu();
        if (!strcmp(kind, "decode")) decode(data, size, (unsigned)a);
        else if (!strcmp(kind, "jpeg")) encode_jpeg(data, a, b, c, d);
        else encode_webp(data, a, b, c, d);
        printf("%.9f\n", cpu() - begun);
        fflush(stdout);
        free(data);
    }
    return 0;
}
