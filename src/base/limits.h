/*
 * limits - every number that bounds something which could otherwise grow.
 *
 * A thing that grows takes its limit at birth; all of them stand here, so
 * that an operator can read in one page what the program will ever accept.
 * The values come from the threat table of the design notes; tests try each
 * at limit - 1, limit and limit + 1.
 */
#ifndef OCELLUS_BASE_LIMITS_H
#define OCELLUS_BASE_LIMITS_H

#define KIB(n) ((size_t)(n) << 10)
#define MIB(n) ((size_t)(n) << 20)
#define GIB(n) ((size_t)(n) << 30)

/* HTTP */
#define LIMIT_REQUEST_BODY     MIB(64)
#define LIMIT_RESPONSE_BODY    MIB(512)
#define LIMIT_HEADER_BYTES     KIB(32)
#define LIMIT_HEADERS          100
#define LIMIT_URL              KIB(8)
#define LIMIT_CONNECTIONS      1024
#define LIMIT_IDLE_SECONDS     15
#define LIMIT_HEADER_SECONDS   10
#define LIMIT_BODY_BYTE_RATE   1024        /* bytes a second, at least */
#define LIMIT_BODY_CHUNKS      (1 << 20)   /* pieces one body may arrive in */
#define LIMIT_REQUEST_SECONDS  60

/* JSON */
#define LIMIT_JSON_DEPTH       64
#define LIMIT_JSON_NODES       1000000

/* Pictures */
#define LIMIT_IMAGE_PIXELS     ((int64_t)64 * 1000 * 1000)
#define LIMIT_IMAGE_SIDE       32768
#define LIMIT_JPEG_SCANS       100
#define LIMIT_PNG_CHUNK        MIB(16)
#define LIMIT_METADATA_BYTES   MIB(1)
#define LIMIT_IMAGE_FRAMES     10000       /* of one animation */
#define LIMIT_TIFF_PIECES      (1 << 18)   /* strips or tiles of one page */
#define LIMIT_CONTOUR_BYTES    MIB(256)    /* points of all outlines in one picture */
#define LIMIT_BLUR_SIZE        65535       /* of a kernel: from side to side of any picture */

/* Text in pictures, beyond ASCII */
#define LIMIT_TEXT_POINTS      2000        /* characters of one line; the rest is cut */
#define LIMIT_TEXT_SIZE        1000        /* of a font, in pixels */
#define LIMIT_TEXT_FONTS       64          /* that are looked through for a character */
#define LIMIT_GLYPH_CACHE      MIB(8)
#define LIMIT_PLATE_CACHE      MIB(4)      /* finished labels */

/* Workflows */
#define LIMIT_STEPS            1000
#define LIMIT_INNER_DEPTH      4           /* workflows inside workflows */
#define LIMIT_INNER_COUNT      32
#define LIMIT_BATCH_ELEMENTS   10000
#define LIMIT_DIMENSIONS       8
#define LIMIT_RUN_SECONDS      60
#define LIMIT_RUN_MEMORY       GIB(1)      /* a run's arena, pictures apart */
#define LIMIT_DEFINITION       MIB(10)
#define LIMIT_PLAN_MEMORY      MIB(64)
#define LIMIT_PLANS            256         /* compiled definitions kept */
#define LIMIT_PROBLEMS         100         /* problems of one definition reported */
#define LIMIT_RECORD           MIB(512)    /* of one step, see workflow/recorded.h */
#define LIMIT_COSTS            100000      /* steps whose costs the store remembers */
#define LIMIT_FINDINGS         1000        /* of one `workflow check` */
#define LIMIT_DETECTIONS       10000
#define LIMIT_MASK_BYTES       MIB(256)    /* masks of one set of detections, a byte a pixel */
#define LIMIT_MASK_EDGES       (1 << 28)   /* pixels along the edges of its polygons */
#define LIMIT_KEYPOINTS        1000000     /* detections x the longest list, as the reference */
#define LIMIT_AGGREGATE_MEMORY MIB(64)     /* values of one interval */
#define LIMIT_DELAY_FRAMES     10000
#define LIMIT_TRACE_PLACES     1000000     /* where objects were, of one step */
#define LIMIT_WINDOW_MEMORY    MIB(256)    /* embeddings one step compares with */
#define LIMIT_VIDEOS           1024        /* videos one session remembers */
#define LIMIT_FORMATTED_TEXT   MIB(16)
#define LIMIT_REGEX_MATCHES    10000000
#define LIMIT_CHAINS           1000        /* entries of a dictionary of operations */
#define LIMIT_TEMPLATE_TEXT    1000000     /* characters a template may give */
#define LIMIT_CACHE_KEYS       10000       /* of one video */
#define LIMIT_CACHE_MEMORY     MIB(256)    /* of all of them, pictures apart */

/* Models */
#define LIMIT_MODEL_FILE       GIB(4)
#define LIMIT_CLASSES          100000
#define LIMIT_CLASS_NAME       KIB(4)
#define LIMIT_KEYPOINT_SLOTS   1024        /* key points of one object */
#define LIMIT_MODEL_QUEUE      256         /* waiting inferences; then 503 */
#define LIMIT_MODEL_ID         256
#define LIMIT_BATCH            64          /* pictures in one inference */

/* Data sets */
#define LIMIT_DATASET_PICTURES 5000000
#define LIMIT_DATASET_FILE     MIB(512)    /* one file of labels */
#define LIMIT_REMARKS          10000       /* why files were left out */
#define LIMIT_TWINS            100000      /* pictures that are there more than once */
#define LIMIT_LABEL_NODES      200000000   /* values in one file of JSON */
#define LIMIT_DATASET_BOXES    50000000    /* labelled objects, and those found in all pictures */
#define LIMIT_DATASET_MEMORY   GIB(8)      /* what is read of a set, and one file of labels */
#define LIMIT_CONFUSION_CELLS  MIB(16)     /* of a confusion matrix that is drawn */
#define LIMIT_DATASETS         1000        /* that are uploaded */
#define LIMIT_DATASET_NAME     100
#define LIMIT_DATASET_PATH     1000        /* of a file below its data set */
#define LIMIT_THUMBNAIL        1024        /* pixels along its longer side */

/* Archives */
#define LIMIT_ZIP_ENTRIES      1000
#define LIMIT_ZIP_RATIO        200         /* what is unpacked, to what was sent */

/* Jobs */
#define LIMIT_JOBS_WAITING     100
#define LIMIT_JOBS_LISTED      1000        /* in one answer */
#define LIMIT_JOB_CRASHES      3           /* then it has failed */
#define LIMIT_JOB_EVENT        KIB(64)
#define LIMIT_JOB_EVENTS       MIB(64)     /* of one job; beyond it only some are kept */

/* Store */
#define LIMIT_NAME             256
#define LIMIT_STORED_WORKFLOWS 100000

#endif
