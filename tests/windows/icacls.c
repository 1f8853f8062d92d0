/* icacls.exe for Wine, whose own does nothing: what it is told is noted in the file that ICACLS_NOTES names, and
 * where ICACLS_FAILS is set it fails as one does whose user has no right to. Where ICACLS_STRANGER is set, somebody
 * else has an entry in the list, until it is reset. Windows has its own; nothing of this is shipped. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char **words)
{
    const char *notes = getenv("ICACLS_NOTES");
    const char *stranger = getenv("ICACLS_STRANGER");
    char line[512];
    int was_reset = 0;

    if (notes != NULL) {
        FILE *file = fopen(notes, "a+");
        if (file == NULL)
            return 2;
        rewind(file);
        while (fgets(line, sizeof line, file) != NULL)
            was_reset |= strstr(line, " /reset") != NULL;
        for (int i = 1; i < count; i++)
            fprintf(file, "%s%s", i == 1 ? "" : " ", words[i]);
        fprintf(file, "\n");
        fclose(file);
    }
    if (getenv("ICACLS_FAILS") != NULL)
        return 5;
    if (count == 2) {
        printf("%s NT AUTHORITY\\SYSTEM:(OI)(CI)(F)\n", words[1]);
        printf("      BUILTIN\\Administrators:(OI)(CI)(F)\n      OWNER RIGHTS:(OI)(CI)(RC)\n");
        printf("      PC\\alice:(OI)(CI)(F)\n");
        if (stranger != NULL && (strcmp(stranger, "for ever") == 0 || !was_reset))
            printf("      PC\\mallory:(OI)(CI)(F)\n");
        printf("\nSuccessfully processed 1 files; Failed processing 0 files :(\n");
    }
    return 0;
}
